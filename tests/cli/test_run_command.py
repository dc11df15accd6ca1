"""medspec run: from a name on the command line to a table, a folder and an exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parent.parent.parent / "docs" / "report.schema.json").read_text(encoding="utf-8"))


def report_of(folder: str | Path) -> dict:
    return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


def only_run() -> Path:
    (folder,) = Path("runs").iterdir()
    return folder


def test_run_without_a_word_runs_the_default_suite_with_the_default_model(project, medspec):
    done = medspec("run")
    assert (done.code, done.err) == (0, "")
    folder = only_run()
    assert folder.name.endswith("-exam_suite")
    lines = done.out.splitlines()
    assert lines[0].split() == ["Task", "Rows", "Unread", "Score", "95%", "interval"]
    assert lines[2].split()[:3] == ["exam_letters", "5", "0%"]
    assert lines[-3:] == ["Model  hash  (a stand-in without knowledge, not a model)", lines[-2], f"Files  {folder}"]
    assert lines[-2].startswith("Suite  exam_suite@2, 5 rows in ")
    assert {"plan.json", "rows.parquet", "report.json", "environment.json"} <= {path.name for path in folder.iterdir()}


def test_the_report_follows_its_schema(project, medspec):
    assert medspec("run", "--model", "mock", "--out", "here").code == 0
    report = report_of("here")
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert report["tasks"]["exam_letters"]["rows"] == 5


def test_the_report_is_the_result_for_programs(project, medspec):
    done = medspec("run", "exam_letters", "--format", "json", "--out", "here")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == report_of("here")


def test_a_limit_is_said(project, medspec):
    done = medspec("run", "--limit", "2", "--out", "here")
    assert report_of("here")["tasks"]["exam_letters"]["rows"] == 2
    assert "Limit  2 rows" in done.out


def test_the_same_folder_again_asks_nothing_again(project, medspec):
    medspec("run", "--limit", "2", "--out", "here")
    assert report_of("here")["calls"] == {"asked": 2, "reused": 0, "sources": {}}
    medspec("run", "--out", "here")
    assert report_of("here")["calls"] == {"asked": 5, "reused": 0, "sources": {}}


def test_a_folder_of_another_plan_is_refused(project, medspec):
    medspec("run", "exam_letters", "--limit", "1", "--out", "here")
    done = medspec("run", "exam_suite", "--limit", "1", "--out", "here")
    assert (done.code, done.out) == (3, "")
    assert "here holds a run of another plan" in done.err


def test_a_file_of_ones_own_is_run_whole(project, medspec):
    done = medspec("run", "specs/exam.medspec", "--limit", "1", "--out", "here")
    assert done.code == 0
    assert report_of("here")["suite"] == "exam_suite@2"


def test_data_are_looked_for_where_the_command_line_says_first(project, medspec):
    other = project / "other"
    other.mkdir()
    (project / "specs" / "exam.jsonl").rename(other / "exam.jsonl")
    done = medspec("run", "--out", "here")
    assert (done.code, done.out) == (3, "")
    assert "`exam.jsonl` of dataset `exam` was not found" in done.err
    assert not (project / "here" / "report.json").exists()
    assert medspec("run", "--data", "other", "--out", "here").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("exam_leters",), 2, "there is no suite or task named `exam_leters`; did you mean `exam_letters`?"),
        (("--model", "onx:x"), 2, "there is no backend `onx`; did you mean `onnx:`?"),
        (("--model", "onnx:no_such_folder"), 3, "no_such_folder"),
        (("--limit", "0"), 2, "--limit"),
        (("--device", "tpu"), 2, "device 'tpu' does not exist; choose one of auto, cpu, cuda"),
        (("--out", "medspec.toml"), 3, "medspec.toml"),
    ],
)
def test_what_cannot_be_run(project, medspec, arguments, code, message):
    done = medspec("run", *arguments)
    assert (done.code, done.out) == (code, ""), done
    assert done.err.startswith("error: ")
    assert message in done.err


def test_no_model_is_said_with_a_way_out(project, medspec):
    (project / "medspec.toml").write_text('suite = "exam_suite"\n', encoding="utf-8")
    done = medspec("run")
    assert (done.code, done.out) == (2, "")
    assert "--model builtin:quickstart" in done.err


def test_no_suite_among_several_is_said(project, medspec):
    (project / "medspec.toml").write_text('model = "hash"\n', encoding="utf-8")
    with (project / "specs" / "exam.medspec").open("a", encoding="utf-8") as file:
        file.write("suite other { tasks { exam_letters } }\n")
    done = medspec("run")
    assert (done.code, done.out) == (2, "")
    assert "say what to run: exam.exam_suite, exam.other" in done.err


def test_a_spec_with_mistakes_is_not_run(project, medspec):
    (project / "specs" / "wrong.medspec").write_text("edition 2026\nimport std.metrics { acuracy }\n", encoding="utf-8")
    done = medspec("run")
    assert (done.code, done.out) == (1, "")
    assert "error[E0202]" in done.err
    assert not Path("runs").exists()


def test_ctrl_c_keeps_what_was_answered_and_says_how_to_go_on(project, medspec, monkeypatch):
    from medspec.backends.hash import HashBackend

    answer = HashBackend.answer

    def stops_after_two(self, requests):
        for count, found in enumerate(answer(self, requests)):
            if count == 2:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(HashBackend, "answer", stops_after_two)
    done = medspec("run", "--out", "here")
    assert (done.code, done.out) == (3, "")
    assert "stopped" in done.err and "medspec resume here" in done.err
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert medspec("run", "--out", "here").code == 0
    assert report_of("here")["calls"] == {"asked": 5, "reused": 0, "sources": {}}


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_one_may_not_write_to(project, medspec):
    (project / "shut").mkdir(mode=0o500)
    done = medspec("run", "--out", "shut/run")
    assert (done.code, done.out) == (3, "")
    assert "shut" in done.err


def test_constrain_wants_a_model_that_can(project, medspec):
    done = medspec("run", "--constrain")
    assert done.code == 2
    assert done.err == "error: `hash` cannot hold replies to a form: run it without --constrain\n"


def test_how_a_model_ran_is_in_the_report(project, medspec):
    """Beginnings shared or not: the same table, and the report says which."""
    replies = {}
    for word in ("--exact", "--constrain", "--fresh"):
        assert medspec("run", "--model", "builtin:quickstart", "--limit", "3", word, "--out", word[2:]).code == 0
        report = report_of(word[2:])
        replies[word] = report["tasks"]
        assert (report["model"]["exact"], report["model"]["constrain"]) == (word == "--exact", word == "--constrain")
        assert (report["model"]["caches"] == "exact") == (word == "--exact")
    metrics = {word: tasks["exam_letters"]["metrics"] for word, tasks in replies.items()}
    assert metrics["--exact"] == metrics["--fresh"]
    assert replies["--constrain"]["exam_letters"]["unread"] == 0
