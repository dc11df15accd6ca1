"""`medspec report`: the table of a run that has ended, once more."""

from __future__ import annotations

import json
from pathlib import Path


def test_the_table_of_a_run_once_more(project, medspec):
    shown = medspec("run", "--out", "runs/first").out
    assert medspec("report", "runs/first") == medspec("report", "first") == medspec("report") == (0, shown, "")
    found = medspec("report", "--format", "json")
    assert json.loads(found.out) == json.loads(Path("runs/first/report.json").read_text("utf-8"))


def test_the_newest_run_that_has_ended(project, medspec):
    assert medspec("report").code == 2, "there is none"
    medspec("run", "--out", "runs/first")
    medspec("run", "--limit", "1", "--out", "runs/second")
    assert "runs/second" in medspec("report").out
    Path("runs/second/report.json").unlink()
    assert "runs/first" in medspec("report").out
    done = medspec("report", "second")
    assert done.code == 3 and "the run has not ended; `medspec resume runs/second` goes on with it" in done.err


def test_what_is_no_run(project, medspec):
    medspec("run", "--out", "runs/first")
    done = medspec("report", "frist")
    assert (done.code, done.err.count("did you mean `first`?")) == (2, 1)
    Path("empty").mkdir()
    assert "empty: there is no run" in medspec("report", "empty").err
    report = json.loads(Path("runs/first/report.json").read_text("utf-8"))
    del report["suite"]
    Path("runs/first/report.json").write_text(json.dumps(report), "utf-8")
    done = medspec("report", "first")
    assert done.code == 3 and "report.json is no report of medspec, or was changed by hand" in done.err
