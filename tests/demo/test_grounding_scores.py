"""The grounding suite with the shipped model: the recorded figures, above the answer that is always the whole image."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "specs" / "grounding" / "data"
CARD = ROOT / "medspec" / "demo" / "vision_model" / "MODEL_CARD.md"
SIZE = 64

# Another processor rounds differently, and a coordinate whose two best values are nearly equal may tip over.
TOLERANCE = 0.02


def recorded() -> dict[str, tuple[float, float]]:
    """Task: the figure of the whole image and of the model, as the card has them."""
    lines = re.findall(r"^\| `?(\w+)`?[^|]*\| ([\d.]+) \| ([\d.]+) \|$", CARD.read_text("utf-8"), re.M)
    return {name: (float(baseline), float(model)) for name, baseline, model in lines}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("grounding")
    command = [sys.executable, "-m", "medspec", "run", "grounding", "--model", "builtin:grounding", "--quiet"]
    done = subprocess.run(
        [*command, "--device", "cpu", "--out", str(out)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    found["tasks"] = {name.removeprefix("demo_"): task for name, task in found["tasks"].items()}
    return found


def test_the_recorded_figures(report: dict[str, Any]) -> None:
    expected = recorded()
    assert set(expected) == {*report["tasks"], "mean"}
    for name, task in report["tasks"].items():
        assert task["metrics"]["box_iou"]["value"] == pytest.approx(expected[name][1], abs=TOLERANCE), name
        assert (task["unread"], task["failed"], task["rows"]) == (0, 0, 25)
    assert report["aggregates"]["mean_iou"]["value"] == pytest.approx(expected["mean"][1], abs=TOLERANCE)


def test_the_model_lies_far_above_the_whole_image(report: dict[str, Any]) -> None:
    overlaps: dict[str, float] = {}
    for name in report["tasks"]:
        lines = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]
        areas = [(right - left) * (bottom - top) for left, top, right, bottom in (line["answer"] for line in lines)]
        overlaps[name] = sum(areas) / len(areas) / SIZE**2
        assert overlaps[name] == pytest.approx(recorded()[name][0], abs=6e-4)
    floor = sum(overlaps.values()) / len(overlaps)
    assert floor == pytest.approx(recorded()["mean"][0], abs=6e-4)
    assert report["aggregates"]["mean_iou"]["low"] > 3 * floor
    above = [name for name, floor in overlaps.items() if report["tasks"][name]["metrics"]["box_iou"]["low"] > floor]
    assert set(above) >= {"concept", "cross_modal", "object_tracking", "referring", "registered_difference"}


def test_the_model_is_labelled(report: dict[str, Any]) -> None:
    assert report["model"]["demonstration"] is True
