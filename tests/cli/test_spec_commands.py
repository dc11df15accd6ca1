"""The commands that work on the text of specs: check, ls, explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent

WRONG = '''edition 2026
import std.metrics { acuracy }
record Row { id : text  note : text  gold : text }
record Row { id : text }
prompt ask(note: text) { user """{{ notes }}""" }
'''


@pytest.fixture
def wrong(project: Path) -> Path:
    file = project / "specs" / "wrong.medspec"
    file.write_text(WRONG, encoding="utf-8")
    return file


def test_sound_specs_print_nothing_as_a_result(project, medspec):
    done = medspec("check")
    assert (done.code, done.out, done.err) == (0, "", "no mistakes in 1 module\n")
    assert medspec("check", "--quiet") == (0, "", "")
    assert medspec("check", "--format", "json") == (0, "", "")


def test_mistakes_are_the_result(project, wrong, medspec, golden: Callable[[Path, str], None]):
    done = medspec("check")
    assert (done.code, done.err) == (1, "")
    golden(HERE / "golden" / "check.txt", done.out)


def test_several_independent_mistakes_are_found_in_one_go(project, wrong, medspec):
    found = [json.loads(line) for line in medspec("check", "--format", "json").out.splitlines()]
    assert {"E0202", "E0203", "E0401"} <= {one["code"] for one in found}
    assert {one["labels"][0]["path"] for one in found} == {str(Path("specs/wrong.medspec"))}


def test_sarif_names_every_rule(project, wrong, medspec):
    done = medspec("check", "--format", "sarif")
    log = json.loads(done.out)["runs"][0]
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert done.code == 1
    assert {result["ruleId"] for result in log["results"]} <= set(rules)


def test_github_annotations_point_at_the_line(project, wrong, medspec):
    done = medspec("check", "--format", "github")
    assert done.code == 1
    assert any(line.startswith("::error file=specs") and "line=2," in line for line in done.out.splitlines())


def test_a_file_elsewhere_is_checked_as_its_own_project(project, medspec, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "shared.medspec").write_text("edition 2026\nenum Answer { yes  no }\n", encoding="utf-8")
    (other / "own.medspec").write_text(
        "edition 2026\nimport shared { Answer }\nrecord Row { id : text  gold : Answer }\n", encoding="utf-8"
    )
    done = medspec("check", str(other / "own.medspec"), "--format", "json")
    assert done.code == 0, done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no_such.medspec",), "error: there is no file no_such.medspec\n"),
        (("empty",), "error: there are no .medspec files in empty\n"),
    ],
)
def test_paths_that_are_not_there(project, medspec, arguments, message):
    (project / "empty").mkdir()
    done = medspec("check", *arguments)
    assert (done.code, done.out, done.err) == (3, "", message)


def test_a_project_without_specs_says_what_to_do(tmp_path, monkeypatch, medspec):
    monkeypatch.chdir(tmp_path)
    done = medspec("check")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: there is no folder specs here; name a file or folder with specs, or say in medspec.toml "
        "where they are; `medspec init` starts a project\n"
    )


def test_a_folder_with_nothing_but_spec_files_is_a_project(tmp_path, monkeypatch, medspec):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.medspec").write_text(
        "edition 2026\nimport two { Answer }\nrecord Row { gold : Answer }\n", "utf-8"
    )
    (tmp_path / "two.medspec").write_text("edition 2026\nenum Answer { yes  no }\n", "utf-8")
    assert medspec("check") == (0, "", "no mistakes in 2 modules\n")
    assert "enum" in medspec("ls").out


def test_ls_for_people(project, medspec, golden: Callable[[Path, str], None]):
    done = medspec("ls")
    assert (done.code, done.err) == (0, "")
    golden(HERE / "golden" / "ls.txt", done.out)


def test_ls_cuts_lines_to_the_terminal(project):
    from medspec.check.check import check_paths
    from medspec.cli.ls import as_text, listing

    entries = listing(check_paths([Path("specs")], root=Path("specs")).spec)
    lines = as_text(entries, width=40).splitlines()
    assert max(len(line) for line in lines) == 40
    assert "..." not in as_text(entries)


def test_ls_for_programs(project, medspec):
    entries = json.loads(medspec("ls", "--format", "json", "--kind", "task", "--kind", "suite").out)
    path = str(Path("specs/exam.medspec"))
    assert entries == [
        {
            "kind": "suite", "name": "exam_suite", "module": "exam", "path": path, "line": 37, "doc": "",
            "version": 2, "tasks": ["exam.exam_letters"], "tags": [],
        },
        {
            "kind": "task", "name": "exam_letters", "module": "exam", "path": path, "line": 30,
            "doc": "One letter is asked for.", "version": 1, "dataset": "exam.exam", "subset": None, "split": "test", "reader": "letter",
            "tags": [], "metrics": ["accuracy"],
        },
    ]  # fmt: skip


def test_ls_of_specs_with_mistakes_lists_what_it_can(project, wrong, medspec):
    done = medspec("ls")
    assert done.code == 1
    assert "exam_letters" in done.out
    assert "may be incomplete" in done.err


def test_explain_a_code(project, medspec):
    from medspec.codes.explain import explain_code

    assert medspec("explain", "e0304") == (0, explain_code("E0304") + "\n", "")
    assert json.loads(medspec("explain", "E0304", "--format", "json").out)["code"] == "E0304"


def test_explain_a_code_there_is_not(project, medspec):
    done = medspec("explain", "E0399")
    assert (done.code, done.out) == (2, "")
    assert "there is no code E0399; did you mean E0309?" in done.err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("exam_leters", "there is no suite or task named `exam_leters`; did you mean `exam_letters`?"),
        ("zzz", "there is no suite or task named `zzz`; there are: exam_suite, exam_letters"),
    ],
)
def test_explain_a_name_there_is_not(project, medspec, name, message):
    done = medspec("explain", name)
    assert (done.code, done.out, done.err) == (2, "", f"error: {message}\n")
