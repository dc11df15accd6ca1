"""07xx: a plan and the model that shall run it. Found by `compile` and `run` with `--model`, before anything is loaded."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, JUDGE, JUDGED, MEAN, METRICS, NOTES, QUESTIONS, READ, TELL

_EXACT = JUDGED.replace("mean(graded(question, gold, answer)) as quality", "exact_match")

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
    Code(
        code="E0702",
        title="a judge scores this task, and judges are not run yet",
        why="""\
Judges are checked whole, and plans hold them, so that specs with judges can be written, reviewed and compared today. This
version does not ask them. It refuses the run before the first question, since a report without its judged scores would be
the report of another task.""",
        wrong=module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED),
        right=module("import std.metrics { exact_match }", QUESTIONS, TELL, JUDGE, _EXACT),
        related=("E0108", "E0701"),
        model="mock",
    ),
)
