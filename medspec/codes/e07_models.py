"""07xx: a plan and the model that shall run it. Found by `compile` and `run` with `--model`, before anything is loaded."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, JUDGE, JUDGED, MEAN, METRICS, NOTES, QUESTIONS, READ, TELL

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
        code="E0703",
        title="the model under test is its own judge",
        why="""\
A model finds its own mistakes as hard to see as to avoid, and passes its own answers more often than another judge does. Give
the judge another model, in the spec or with `--judge NAME=MODEL`. Judges of one family share much of this: state the `family`
of each. Where a protocol has it so all the same, the task says so, and every report repeats it: `waive E0703 because "..."`.""",
        wrong=module(MEAN, QUESTIONS, TELL, JUDGE.replace('onnx("judges/judge-8b")', 'builtin("demo")'), JUDGED),
        right=module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED),
        related=("E0512", "E0608"),
        model="builtin:demo",
    ),
)
