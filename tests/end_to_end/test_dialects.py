"""`--dialect` through the command line: sizes that are not known, hashes, and what a report says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_a_size_nobody_knows_is_refused_before_the_model_is_asked(command: Any, tmp_path: Path) -> None:
    rows = [{"images": ["a.png", "b.png"], "question": "x", "answer": [1, 2, 3, 4]}]
    spec = """edition 2026
import std.metrics { box_iou }
record Row { images : image[2..2]  scan : image  gold : box(xyxy, pixel) in scan }
dataset rows : Row { source = json("rows.json")  splits = [test]  columns { scan = "images.0"  gold = "answer" } }
prompt ask(scan: image) { user "{{ scan }} Where is the box? {{ answer_format }}" }
task find { data = rows.test  prompt = ask  answer box(xyxy, pixel) in scan via boxes  metrics { primary box_iou } }
dialect thousandths { boxes = box(xyxy, mille) }
"""
    (tmp_path / "rows.json").write_text(json.dumps(rows), "utf-8")
    (tmp_path / "find.medspec").write_text(spec, "utf-8")
    (tmp_path / "replies.json").write_text('{"0": "[500, 500, 1000, 1000]"}', "utf-8")
    words = ("run", tmp_path / "find.medspec", "--model", f"replay:{tmp_path}/replies.json", "--data", tmp_path)
    plain = command(*words, "--out", tmp_path / "plain")
    assert plain.code == 0
    done = command(*words, "--dialect", "thousandths", "--out", tmp_path / "out")
    assert done.code == 3
    assert (
        "row 0: a reply to `find` could not be read: the model writes boxes by the size of the image 'a.png'"
        in done.err
    )
    assert "state the size in the record" in done.err
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08\x08\0\0\0\0")
    done = command(*words, "--dialect", "thousandths", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    without = json.loads((tmp_path / "plain" / "report.json").read_text("utf-8"))
    assert report["model"]["dialect"]["name"] == "thousandths"
    assert report["model"]["dialect"]["boxes"]["frame"] == "mille"
    environment = json.loads((tmp_path / "out" / "environment.json").read_text("utf-8"))
    assert environment["model"]["dialect"] == report["model"]["dialect"]
    # The reply is 4..8 of 8 pixels; the gold 1..3 x 2..4. The prompt says another frame, and the reply means another box.
    (task,), (other,) = report["tasks"].values(), without["tasks"].values()
    assert task["metrics"]["box_iou"]["value"] == 0.0
    assert (task["call_hash"] != other["call_hash"], task["score_hash"] != other["score_hash"]) == (True, True)
    unknown = command(*words, "--dialect", "thousandth", "--out", tmp_path / "out2")
    assert unknown.code == 2 and "did you mean `thousandths`?" in unknown.err
