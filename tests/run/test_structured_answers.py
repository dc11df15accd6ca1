"""Sets, spans, boxes and rankings from data file to score, with replies written by hand and scores computed by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from medspec.api import compile_specs, run_plan
from medspec.errors import DataError
from medspec.plan.form import from_json, to_json

SPEC = '''edition 2026

import std.metrics { box_iou, exact_set, rank_correlation, set_f1, span_f1 }

enum Finding { effusion "Pleural effusion"  edema "Edema"  mass "Mass" }
enum Entity { problem  drug }

record Report { id : text  note : text  gold : set<Finding> from split(";") }
record Note { id : text  note : text  gold : (span<Entity> in note)[] from offsets_end_inclusive }
record Study {
  id   : text
  note : text
  scan : image
  gold : box(xyxy, unit) in scan from box(xywh, pixel, width: w, height: 200)
  w    : int
}
record Sorted { id : text  note : text  options : text[2..4]  gold : ranking of options from letter }

dataset reports : Report { source = csv("reports.csv")  splits = [test]  license = "cc0-1.0"  id = id }
dataset notes : Note { source = jsonl("notes.jsonl")  splits = [test]  license = "cc0-1.0"  id = id }
dataset studies : Study { source = jsonl("studies.jsonl")  splits = [test]  license = "cc0-1.0"  id = id }
dataset sorted : Sorted { source = jsonl("sorted.jsonl")  splits = [test]  license = "cc0-1.0"  id = id }

prompt ask(note: text) {
  user """
    {{ note }}
    {{ answer_format }}
    """
}

task findings { data = reports.test  prompt = ask  answer set<Finding> via json  metrics { primary set_f1  exact_set } }
task entities { data = notes.test  prompt = ask  answer (span<Entity> in note)[] via quotes  metrics { primary span_f1 } }
task locate { data = studies.test  prompt = ask  answer box(xyxy, unit) in scan via boxes  metrics { primary box_iou } }
task urgency { data = sorted.test  prompt = ask  answer ranking of options via json  metrics { primary rank_correlation } }
suite all { tasks { findings  entities  locate  urgency } }
'''

DATA = {
    "reports.csv": "id,note,gold\nr1,one,effusion; edema\nr2,two,mass\nr3,three,\n",
    "notes.jsonl": [
        {"id": "n1", "note": "Fever, aspirin.", "gold": [[0, 4, "problem"], [7, 13, "drug"]]},
        {"id": "n2", "note": "发热 no fever", "gold": [[0, 1, "problem"]]},
    ],
    "studies.jsonl": [
        {"id": "s1", "note": "a", "scan": "a.png", "w": 100, "gold": [10, 20, 40, 80]},
        {"id": "s2", "note": "b", "scan": "b.png", "w": 400, "gold": [0, 0, 400, 200]},
    ],
    "sorted.jsonl": [{"id": "o1", "note": "a", "options": ["x", "y", "z"], "gold": ["C", "A", "B"]}],
}

REPLIES = {
    "r1": '["Pleural effusion", "Mass",]',
    "r2": 'The list is ["mass"].',
    "r3": "[]",
    "n1": 'problem: "Fever"\ndrug: "ibuprofen"',
    "n2": 'problem: "发热"',
    "s1": "[0.1, 0.1, 0.5, 0.3]",
    "s2": "(0, 0), (0.5, 1)",
    "o1": '["C", "A", "B"]',
}


def write(folder: Path, **instead: Any) -> Path:
    for name, lines in {**DATA, **instead}.items():
        text = lines if isinstance(lines, str) else "".join(json.dumps(line) + "\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "main.medspec").write_text(SPEC, encoding="utf-8")
    lines = "".join(json.dumps({"id": id, "reply": reply}) + "\n" for id, reply in REPLIES.items())
    (folder / "replies.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = write(tmp_path_factory.mktemp("structured"))
    plan = compile_specs([folder], "all")
    assert from_json(to_json(plan)) == plan
    model = f"replay:{folder / 'replies.jsonl'}?id=id&reply=reply"
    report: dict[str, Any] = run_plan(plan, model, data=[folder], out=folder / "out")["tasks"]
    return report


def value(task: dict[str, Any], name: str) -> float:
    found: float = task["metrics"][name]["value"]
    return found


def test_sets(tasks: dict[str, Any]) -> None:
    # Right: effusion and mass. Invented: mass in r1. Missed: edema.
    assert value(tasks["findings"], "set_f1") == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert value(tasks["findings"], "exact_set") == pytest.approx(2 / 3)
    assert tasks["findings"]["unread"] == 0
    assert tasks["findings"]["remarks"] == {"surrounding_text": 1, "trailing_comma": 1}


def test_spans(tasks: dict[str, Any]) -> None:
    # Both fever and 发热 are found where the data say; the drug is missed, since its quote is nowhere.
    assert value(tasks["entities"], "span_f1") == pytest.approx(2 * 2 / (2 * 2 + 0 + 1))
    assert tasks["entities"]["remarks"] == {"not_found": 1}


def test_boxes(tasks: dict[str, Any]) -> None:
    # s1: gold is 10..50 of 100 and 20..100 of 200, so 0.1, 0.1, 0.5, 0.5; half of it is answered. s2: the left half.
    assert value(tasks["locate"], "box_iou") == pytest.approx((0.5 + 0.5) / 2)


def test_rankings(tasks: dict[str, Any]) -> None:
    assert value(tasks["urgency"], "rank_correlation") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("reports.csv", "id,note,gold\nr1,one,effusion;tumour\n", "entry 1: expected one of effusion, edema, mass"),
        ("notes.jsonl", [{**DATA["notes.jsonl"][0], "gold": [[0, 15, "drug"]]}], "ends at 16, but `note` has 15"),  # type: ignore[dict-item]
        ("studies.jsonl", [{**DATA["studies.jsonl"][0], "w": 30}], "outside the frame `unit`"),  # type: ignore[dict-item]
        ("studies.jsonl", [{**DATA["studies.jsonl"][0], "gold": [1, 2, -3, 4]}], "a size is negative"),  # type: ignore[dict-item]
        ("sorted.jsonl", [{**DATA["sorted.jsonl"][0], "gold": ["A", "A", "B"]}], "ranks option 0 twice"),  # type: ignore[dict-item]
    ],
)
def test_gold_that_does_not_fit_is_a_fault_of_the_data(tmp_path: Path, name: str, lines: Any, said: str) -> None:
    folder = write(tmp_path, **{name: lines})
    with pytest.raises(DataError, match=re.escape(said)):
        run_plan(compile_specs([folder], "all"), "mock", data=[folder])
