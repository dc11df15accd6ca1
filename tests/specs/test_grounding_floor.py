"""The floor under grounding: boxes copied from the question, against the overlap worked out by hand from the data files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspec.backends import open_model
from medspec.backends.base import Options
from medspec.check import check_paths
from medspec.plan.lower import lower
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

SPECS = Path(__file__).parents[2] / "specs"


def overlap(one: list[int], other: list[int]) -> float:
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def test_the_box_of_the_question_is_copied(tmp_path: Path) -> None:
    spec = check_paths([SPECS], root=SPECS).spec
    plan = lower(spec, ["grounding_marked"], dialect=spec.dialects["shared.dialects.baseline"].node)
    roots = DataRoots.of([SPECS / "grounding"])
    model = open_model("baseline:copy_box", Options())
    report = execute(plan, model, model="baseline:copy_box", out=tmp_path, roots=roots)
    for task in ("multi_view", "object_tracking", "cross_modal"):
        lines = (SPECS / "grounding/data" / f"{task}.jsonl").read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        expected = sum(overlap(row["reference"], row["answer"]) for row in rows) / len(rows)
        found = report["tasks"][f"marked_{task}"]
        assert found["unread"] == 0
        assert found["metrics"]["box_iou"]["value"] == pytest.approx(expected, abs=1e-9)
