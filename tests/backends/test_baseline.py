"""Baselines for grounding: the whole image, and the box that stands in the prompt."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from medspec.backends.base import Options
from medspec.backends.baseline import copy_box, open_baseline, whole_image
from medspec.cli.app import main
from medspec.errors import BackendError

SPEC = """edition 2026
import std.metrics { box_iou }
record Row { scan : image  seen : box(xyxy, pixel) in scan  gold : box(xyxy, pixel) in scan }
dataset rows : Row { source = json("rows.json")  splits = [test] }
prompt ask(scan: image, seen: box(xyxy, pixel) in scan) { user "{{ scan }} It was at {{ seen }}. {{ answer_format }}" }
task find { data = rows.test  prompt = ask  answer box(xyxy, pixel) in scan via boxes  metrics { primary box_iou } }
dialect fractions { boxes = box(xyxy, unit)  box_text = "[{x1}, {y1}, {x2}, {y2}]" }
"""


def test_what_they_answer() -> None:
    assert whole_image("anything") == "[0, 0, 1, 1]"
    assert copy_box("It was at [0.1, 0.25, 1, 0.5], then at [0, 0, 1, 1].") == "[0.1, 0.25, 1, 0.5]"
    assert copy_box("Where is it?") == "There is no box to copy."


def test_names_and_settings() -> None:
    with pytest.raises(BackendError, match="did you mean `baseline:copy_box`"):
        open_baseline("copy_bx", {}, Options())
    with pytest.raises(BackendError, match="no settings"):
        open_baseline("copy_box", {"n": "1"}, Options())


@pytest.mark.parametrize(
    ("baseline", "iou"),
    [
        ("whole_image", 50 * 20 / (100 * 40)),
        ("copy_box", 0.5),  # half of the box that was seen
    ],
)
def test_the_floor_of_a_task(baseline: str, iou: float, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 100, 40) + b"\x08\0\0\0\0")
    rows = [{"scan": "a.png", "seen": [0, 0, 50, 40], "gold": [0, 0, 50, 20]}]
    (tmp_path / "rows.json").write_text(json.dumps(rows), "utf-8")
    (tmp_path / "find.medspec").write_text(SPEC, "utf-8")
    words = [
        "run",
        str(tmp_path / "find.medspec"),
        "--model",
        f"baseline:{baseline}",
        "--dialect",
        "fractions",
        "--quiet",
    ]
    with pytest.raises(SystemExit) as end:
        main([*words, "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert end.value.code == 0
    (task,) = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["tasks"].values()
    assert task["metrics"]["box_iou"]["value"] == pytest.approx(iou)
