"""A dialect's `box_style` is the style that the reader `boxes` reads in; no other reader has a word of it."""

from __future__ import annotations

import pytest
from planned_specs import spec_of

from medspec.plan.judge_nodes import Dialect
from medspec.plan.lower import lower
from medspec.readers.boxes import STYLES

SPEC = """edition 2026
import std.metrics { accuracy, box_iou }
record Row { id : text  scan : image  gold : box(xyxy, mille) in scan  seen : bool }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt find(scan: image) { user "{{ scan }} Where? {{ answer_format }}" }
task marked {
  data = exam.test  prompt = find  gold = gold  answer box(xyxy, mille) in scan via boxes(style: strict)
  metrics { primary box_iou }
}
task seen { data = exam.test  prompt = find  gold = seen  answer bool via plain  metrics { primary accuracy } }
"""


@pytest.mark.parametrize("style", STYLES)
def test_the_reader_of_boxes_has_the_style_of_the_dialect(style: str) -> None:
    plain = lower(spec_of(SPEC), ["marked", "seen"])
    spoken = lower(spec_of(SPEC), ["marked", "seen"], dialect=Dialect(name="d", box_style=style))

    def settings(plan: object, task: str) -> dict[str, object]:
        return dict(plan.read(plan.task(task).read).reader.settings)  # type: ignore[attr-defined]

    assert settings(plain, "marked")["style"] == "strict"
    assert settings(spoken, "marked") == {**settings(plain, "marked"), "style": style}
    assert settings(spoken, "seen") == settings(plain, "seen")
