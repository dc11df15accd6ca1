"""A suite that is compiled by its name needs its own modules checked, and what is said is what a check of everything says."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.check import check as checking

OTHER = """edition 2026
import exam { exam, ask }
import std.metrics { accuracy }

task # the one of the other module
  other @1 {
  data = exam.test
  prompt = ask
  answer choice of options via letter
  metrics { primary accuracy }
}
"""


@pytest.fixture
def read(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The modules of each check, in the project with a second and a third module that was checked once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    (project / "specs" / "other.medspec").write_text(OTHER, encoding="utf-8")
    (project / "specs" / "third.medspec").write_text("edition 2026\nenum Third { yes  no }\n", encoding="utf-8")
    seen: list[set[str]] = []
    load = checking.load_paths

    def watched(*arguments, **options):
        modules = load(*arguments, **options)
        seen.append(set(modules))
        return modules

    monkeypatch.setattr(checking, "load_paths", watched)
    return seen


def plan_of(project: Path, name: str) -> bytes:
    return (project / "target" / f"{name}.plan.json").read_bytes()


def test_only_what_is_needed_is_read_where_the_rest_is_known(project, medspec, read) -> None:
    assert medspec("compile", "exam_suite").code == 0
    whole = plan_of(project, "exam_suite")
    assert medspec("compile", "exam_suite").code == 0
    assert medspec("compile", "other").code == 0
    assert medspec("compile", "exam.exam_suite").code == 0
    assert read == [{"exam", "other", "third"}, {"exam"}, {"exam", "other"}, {"exam"}]
    assert plan_of(project, "exam_suite") == whole


def test_a_mistake_elsewhere_is_told_as_by_a_check_of_everything(project, medspec, read, monkeypatch) -> None:
    assert medspec("compile", "exam_suite").code == 0
    wrong = "edition 2026\nrecord Row { gold : ExamRow }\n"
    (project / "specs" / "third.medspec").write_text(wrong, encoding="utf-8")
    said = medspec("compile", "exam_suite")
    assert said.code == 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "empty"))
    assert "add `import exam { ExamRow }`" in said.err
    assert said.err.strip() == medspec("check", "--quiet").out.strip()


@pytest.mark.parametrize("name", ["exam_suit", "nothing_like_it", "third", "other.exam_suite"])
def test_a_name_that_is_not_there_is_told_with_all_that_are(project, medspec, read, name: str) -> None:
    before = medspec("compile", name)
    assert (before.code, medspec("check").code) == (2, 0)
    assert medspec("compile", name) == before


def test_a_name_of_two_modules_is_still_one_too_many(project, medspec, read) -> None:
    two = OTHER.replace("other @1", "exam_letters @1")
    (project / "specs" / "other.medspec").write_text(two, encoding="utf-8")
    assert medspec("check").code == 0
    said = medspec("compile", "exam_letters")
    assert said.code == 2
    assert "write one of: exam.exam_letters, other.exam_letters" in said.err
    assert medspec("compile", "other.exam_letters").code == 0
