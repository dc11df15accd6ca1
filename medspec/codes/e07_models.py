"""07xx: a plan and the model that shall run it. Found by `compile` and `run` with `--model`, before anything is loaded."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, METRICS, NOTES, READ

CODES = (
    Code(
        code="E0701",
        title="the model cannot do what the plan needs",
        why="""\
Reading by likelihood needs the probability of each option, and only a model whose scores are at hand can give them. Recorded
replies and most endpoints give text only. Reading the text instead would be another measure under the same name.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP.replace("letter", "likelihood")),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0304",),
        model="replay:replies.jsonl",
    ),
)
