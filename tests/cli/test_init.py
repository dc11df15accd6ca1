"""init: what it writes checks, passes, compiles and runs, and nothing is ever overwritten."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for variable in ("MEDSPEC_DATA", "FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_a_first_project_goes_through_every_command(empty, medspec, monkeypatch):
    started = time.monotonic()
    done = medspec("init", "ward")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"wrote {Path('ward', name)}"
        for name in ("medspec.toml", "specs/bedside_notes.medspec", "specs/bedside_notes.jsonl", ".gitignore")
    ]
    commands = [line.split("#")[0].strip() for line in done.err.splitlines()[1:]]
    assert commands == ["cd ward && medspec test", "medspec compile", "medspec run"]
    monkeypatch.chdir(empty / "ward")
    assert medspec("check") == (0, "", "no mistakes in 1 module\n")
    assert medspec("test", "--examples") == (0, "2 examples passed\n", "")
    assert medspec("compile").code == 0
    report = json.loads(medspec("run", "--format", "json", "--quiet").out)
    assert {name: task["rows"] for name, task in report["tasks"].items()} == {"by_likelihood": 6, "by_text": 6}
    assert report["tasks"]["by_text"]["unread"] < 1
    assert medspec("lock").code == 0 and medspec("compile", "--locked").code == 0
    assert time.monotonic() - started < 60


def test_the_built_in_model_runs_it(empty, medspec):
    from medspec.backends import find_scheme
    from medspec.errors import UsageError

    try:
        find_scheme("builtin:quickstart")
    except UsageError:
        pytest.skip("this build ships no built-in model")
    medspec("init")
    report = json.loads(medspec("run", "--model", "builtin:quickstart", "--format", "json", "--quiet").out)
    assert report["tasks"]["by_likelihood"]["failed"] == 0


def test_it_starts_in_the_working_directory_where_no_other_is_named(empty, medspec):
    done = medspec("init", "--format", "json")
    document = json.loads(done.out)
    assert document["written"][0] == "medspec.toml" and document["next"][0] == "medspec test"
    assert all(Path(name).is_file() for name in document["written"])


@pytest.mark.parametrize("name", ["medspec.toml", "specs/bedside_notes.medspec", "specs/bedside_notes.jsonl"])
def test_what_is_there_is_never_overwritten(empty, medspec, name):
    file = empty / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine", encoding="utf-8")
    done = medspec("init")
    assert (done.code, done.out) == (2, "")
    assert f"{Path(name)} is there already, and nothing was written" in done.err
    assert [path.name for path in empty.rglob("*") if path.is_file()] == [file.name]
    assert file.read_text(encoding="utf-8") == "mine"


def test_a_list_of_ignored_files_stays_its_owners(empty, medspec):
    (empty / ".gitignore").write_text("mine\n", encoding="utf-8")
    done = medspec("init", "-q")
    assert done.code == 0 and ".gitignore" not in done.out and done.err == ""
    assert (empty / ".gitignore").read_text(encoding="utf-8") == "mine\n"


def test_a_folder_that_cannot_be_made(empty, medspec):
    (empty / "ward").write_text("a file", encoding="utf-8")
    done = medspec("init", "ward")
    assert done.code == 3 and done.err.startswith("error: cannot write ")
