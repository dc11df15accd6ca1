"""The quickstart suite with the shipped model, as `make run` runs it: the recorded figures, far above guessing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDED = {
    ("note_question", "accuracy"): (0.850, 1 / 3),
    ("note_question", "macro_f1"): (0.849, 1 / 3),
    ("fact_question", "accuracy"): (1.000, 1 / 4),
    ("triage", "macro_f1"): (1.000, 1 / 4),
    ("triage", "accuracy"): (1.000, 1 / 4),
}
"""Task and metric: the recorded value, and what guessing would give."""

# Another processor rounds differently, and a row whose two best options are equal to the last digit may tip over.
TOLERANCE = 0.01


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("quickstart")
    command = [sys.executable, "-m", "medspec", "run", "--device", "cpu", "--out", str(out), "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((out / "report.json").read_text("utf-8"))


@pytest.mark.parametrize(("task", "metric"), RECORDED, ids=lambda name: name)
def test_the_recorded_figures(report, task, metric):
    recorded, guessing = RECORDED[task, metric]
    value = report["tasks"][task]["metrics"][metric]
    assert value["value"] == pytest.approx(recorded, abs=TOLERANCE)
    assert value["low"] > guessing + 0.2, "the interval lies far above guessing"
    assert report["tasks"][task]["rows"] == 240


def test_nothing_is_unread_and_the_model_is_labelled(report):
    assert all(task["unread"] == 0 and task["failed"] == 0 for task in report["tasks"].values())
    assert report["model"]["demonstration"] is True
    assert report["model"]["name"] == "builtin:quickstart"
    assert report["aggregates"]["overall"]["value"] == pytest.approx(0.950, abs=TOLERANCE)
