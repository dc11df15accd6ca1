"""Metrics in whole runs: confidence reaches them, fields are selected, values are taken, and reports hold what they gave."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from planned_specs import plan_of, rows_of, run_plan, write_lines
from sklearn.metrics import roc_auc_score
from watched_models import Watched

from medspec.backends.base import Reply, Request
from medspec.plan.form import from_json, to_json

SPEC = """edition 2026
import std.metrics { accuracy, auroc, ece, brier, set_f1, mean, rate, worst, f1 }
enum Finding { effusion  pneumothorax }
record Item { finding : Finding  size : int(0..50)  certain : bool }
record Row { id : text  report : text  main : Finding  items : Item[]  quality : score(0..4) }
dataset reports : Row { source = jsonl("reports.jsonl")  splits = [test]  license = "mit" }
prompt ask(report: text) { user "{{ report }} {{ answer_format }}" }
task sure {
  data = reports.test  prompt = ask  gold = main  answer Finding via likelihood
  metrics { primary auroc(positive: effusion)  ece(bins: 2)  brier  accuracy  f1(positive: pneumothorax) }
}
task items {
  data = reports.test  prompt = ask  gold = items  answer Item[] via json
  metrics { primary set_f1 on finding  accuracy on size as sizes }
}
task quality {
  data = reports.test  prompt = ask  gold = quality  answer score(0..4) via plain
  metrics { primary mean(answer)  worst(answer)  mean(answer, better: lower) as badness }
}
suite all { tasks { sure  items  quality } }
"""

EFFUSION = (0.9, 0.4, 0.6, 0.2)
GOLDS = ("effusion", "effusion", "pneumothorax", "pneumothorax")
ITEMS = [
    [{"finding": "effusion", "size": 3, "certain": True}, {"finding": "pneumothorax", "size": 4, "certain": True}],
    [{"finding": "effusion", "size": 3, "certain": True}],
    [],
    [{"finding": "effusion", "size": 9, "certain": False}],
]
SAID = [
    '[{"finding": "pneumothorax", "size": 3, "certain": false}]',
    '[{"finding": "effusion", "size": 3, "certain": false}]',
    "[]",
    "nothing at all",
]
RATED = ["4", "3", "no idea", "1"]


def reply(request: Request) -> str | tuple[float, ...] | Reply:
    row = int(request.row)
    if request.task == "sure":
        share = EFFUSION[row]
        return Reply(prompt_sha256="", scores=(math.log(share), math.log(1 - share)), finish="scored")
    return SAID[row] if request.task == "items" else RATED[row]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    folder: Path = tmp_path_factory.mktemp("metrics")
    lines = [
        {"id": str(row), "report": f"Report {row}.", "main": GOLDS[row], "items": ITEMS[row], "quality": 2}
        for row in range(4)
    ]
    write_lines(folder / "reports.jsonl", lines)
    plan = plan_of(SPEC, "all", level=0)
    assert from_json(to_json(plan)) == plan
    report = run_plan(plan, folder / "out", Watched(reply=reply), data=folder)
    return report["tasks"], rows_of(folder / "out")


def value(run: Any, task: str, label: str) -> float:
    found = run[0][task]["metrics"][label]
    assert found["rows"] == 4 and found["interval"] is not None
    return float(found["value"])


def test_confidence_reaches_the_metrics(run: Any) -> None:
    is_effusion = [gold == "effusion" for gold in GOLDS]
    assert value(run, "sure", "auroc") == pytest.approx(roc_auc_score(is_effusion, EFFUSION))
    # Confidence of the answers 0.9, 0.6, 0.6, 0.8, right, wrong, wrong, right, all in the upper bin.
    assert value(run, "sure", "ece") == pytest.approx(abs((0.9 + 0.6 + 0.6 + 0.8) / 4 - 0.5))
    assert value(run, "sure", "brier") == pytest.approx(2 * (0.1**2 + 0.6**2 + 0.6**2 + 0.2**2) / 4)
    assert value(run, "sure", "accuracy") == 0.5
    assert value(run, "sure", "f1") == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))


def test_a_field_is_compared_on_both_sides(run: Any) -> None:
    """Right 2; answered 2 and one invented for the unread row; gold 4."""
    assert value(run, "items", "set_f1") == pytest.approx(2 * 2 / (2 + 1 + 4))
    assert value(run, "items", "sizes") == 0.5


def test_one_value_per_row(run: Any) -> None:
    """The unread rating is 0 where more is better, and 4 where less is."""
    assert value(run, "quality", "mean") == pytest.approx((4 + 3 + 0 + 1) / 4)
    assert value(run, "quality", "badness") == pytest.approx((4 + 3 + 4 + 1) / 4)
    assert value(run, "quality", "worst") == 0.0


def test_rows_hold_the_values_of_single_rows(run: Any) -> None:
    rows = [row for row in run[1] if row["task"] == "quality"]
    assert [row["metric.mean"] for row in rows] == [4.0, 3.0, 0.0, 1.0]
    assert [row["metric.badness"] for row in rows] == [4.0, 3.0, 4.0, 1.0]
    rows = [row for row in run[1] if row["task"] == "sure"]
    assert [row["metric.brier"] for row in rows] == pytest.approx([0.02, 0.72, 0.72, 0.08])


def test_what_a_score_yields_is_in_the_plan() -> None:
    plan = plan_of(SPEC, "all")
    scores = {score.label: score for task in plan.tasks for score in task.scores}
    shown = {label: (score.low, score.high, score.higher_is_better) for label, score in scores.items()}
    assert shown["mean"] == (0.0, 4.0, True) and shown["badness"] == (0.0, 4.0, False)
    assert shown["ece"] == (0.0, 1.0, False) and shown["set_f1"] == (0.0, 1.0, True)
    assert scores["set_f1"].on == ("finding",) and scores["accuracy"].on == ()
    assert scores["mean"].value is not None and scores["mean"].value.path == ()


def test_what_a_metric_looks_at_moves_the_score_hash() -> None:
    def hashes(text: str) -> dict[str, str]:
        return {task.name: task.score_hash for task in plan_of(text, "all").tasks}

    first = hashes(SPEC)
    changes = [
        ("set_f1 on finding", "set_f1 on certain", "items"),
        ("mean(answer, better: lower)", "mean(answer)", "quality"),
    ]
    changes.append(("ece(bins: 2)", "ece(bins: 3)", "sure"))
    for old, new, task in changes:
        second = hashes(SPEC.replace(old, new))
        assert {name for name in first if first[name] != second[name]} == {task}
