"""diff on the command line: plans, folders, locks and revisions of git."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SPEC = Path("specs/exam.medspec")


def change(old: str, new: str) -> None:
    text = SPEC.read_text(encoding="utf-8")
    assert old in text
    SPEC.write_text(text.replace(old, new), encoding="utf-8")


def git(*arguments: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    who = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(project):
    """The project under git, with two revisions that are tagged."""
    git("init", "--quiet")
    git("add", "specs", "medspec.toml")
    git("commit", "--quiet", "-m", "one")
    git("tag", "v1")
    change("Answer with one letter.", "Answer with a letter.")
    git("commit", "--quiet", "-a", "-m", "two")
    git("tag", "v2")
    return project


def test_two_revisions(repository, medspec):
    done = medspec("diff", "v1..v2")
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith(
        "~ exam_letters @1  call      prompt ask, user turn, line 5: text changed   needs @2\n"
        "                             - Answer with one letter.\n"
        "                             + Answer with a letter.\n"
        "= exam_suite @2\n"
    )
    assert "legend  = same   ~ changed" in done.out
    assert medspec("diff", "v1", "v2") == done
    assert medspec("diff", "v2..v2").out == "= exam_letters @1, exam_suite @2\nnothing changed\n"


def test_a_revision_and_the_specs_as_they_are(repository, medspec):
    assert medspec("diff", "v2").code == 0
    change("exam_letters @1", "exam_letters @2")
    assert "version only" in medspec("diff", "v2").out
    done = medspec("diff", "v1")
    assert done.code == 0 and "~ exam_letters @1 -> @2  call" in done.out
    assert medspec("diff", "v1", "specs").out == done.out
    assert medspec("diff", "v1..").code == 1, "without a name HEAD is meant, and there the version is the old one"


def test_a_revision_whose_specs_are_wrong(repository, medspec):
    change("via letter", "via lettre")
    git("commit", "--quiet", "-a", "-m", "three")
    done = medspec("diff", "v2..HEAD")
    assert (done.code, done.out) == (2, "")
    assert "the specs of `HEAD` have errors; the first is E0201 in exam.medspec:33" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("v1..v3",), "there is no file and no revision `v3` here"),
        (("--", "--output=x"), "`--output=x` is no revision"),
        (("target/none.plan.json",), "there is no file target/none.plan.json"),
        (("v1", "v2", "v1"), "two states are compared, and 3 are given"),
        ((), "medspec.lock is, and there is none"),
        (("medspec.toml",), "is neither a plan nor a lock"),
    ],
)
def test_wrong_use(repository, medspec, arguments, message):
    done = medspec("diff", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_without_git_files_are_compared(project, medspec, monkeypatch):
    medspec("compile")
    shutil.copytree("specs", "old")
    change("Answer with one letter.", "Answer with a letter.")
    monkeypatch.setenv("PATH", "")
    plan = str(Path("target/exam_suite.plan.json"))
    done = medspec("diff", plan)
    assert done.code == 1 and "needs @2" in done.out
    assert medspec("diff", plan, "specs").out == done.out
    assert medspec("diff", "old", "specs").out == done.out
    assert medspec("diff", str(Path("old/exam.medspec")), "specs").out == done.out
    assert medspec("diff", "specs", "specs").code == 0
    done = medspec("diff", "v1..v2")
    assert done.code == 2 and "no git to ask" in done.err


def test_the_lock_is_the_old_side_where_nothing_is_said(project, medspec):
    medspec("lock")
    assert medspec("diff").code == 0
    change('license  = "mit"', 'license  = "cc0-1.0"')
    done = medspec("diff")
    assert done.code == 0
    assert 'report    license exam: "mit" -> "cc0-1.0"   no new version needed' in done.out
    assert medspec("diff", "medspec.lock").out == done.out


def test_diff_for_programs(project, medspec):
    medspec("lock")
    change("Answer with one letter.", "Answer with a letter.")
    done = medspec("diff", "--format", "json")
    assert done.code == 1
    (task,) = json.loads(done.out)["tasks"]
    assert (task["name"], task["mark"], task["class"], task["needs"]) == ("exam_letters", "~", "call", 2)
    assert task["changes"][0]["removed"] == ["Answer with one letter."]


def test_specs_with_mistakes_are_not_compared(project, medspec):
    medspec("lock")
    change("via letter", "via lettre")
    done = medspec("diff")
    assert (done.code, done.out) == (1, "") and "error[E0201]" in done.err
