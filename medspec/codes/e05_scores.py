"""05xx: metrics, suites and examples."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, METRICS, NOTES, READ

_BOTH = "import std.metrics { accuracy, macro_f1 }"
_ECE = "import std.metrics { accuracy, ece }"
_FREE = NOTES.replace("gold : Decision", "gold : text")
_FREE_TASK = FOLLOW_UP.replace("Decision via letter", "text via plain").replace("accuracy", "exact_match")
_DAYS = NOTES.replace("enum Decision { yes  no  maybe }\n\n", "").replace("gold : Decision", "gold : int")
_STAY = FOLLOW_UP.replace("Decision via letter", "int via plain").replace("accuracy", "mae")
_TRIAGE = """
record Triage {
  urgent : bool
  ward   : Ward
}
"""
_WARDS = NOTES.replace("enum Decision { yes  no  maybe }", "enum Ward { medical  surgical }" + _TRIAGE.rstrip())
_ADMIT = FOLLOW_UP.replace("Decision via letter", "Triage via json").replace("accuracy", "accuracy on ward")


def _suite(*lines: str) -> str:
    return "suite clinic @1 {\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _example(expected: str) -> str:
    return f"""
example follow_up "a letter with a full stop is read" {{
  row    = {{ id = "1"  note = "Seen today, all well."  gold = no }}
  reply  = "B."
  expect = {{ {expected} }}  # the task reports accuracy
}}
"""


def _reference(figure: str) -> str:
    lines = f'  reference "GPT-4" {{ accuracy = {figure}  source = "table 3" }}\n}}'
    return FOLLOW_UP.rstrip().removesuffix("}") + lines


_METRICS = (
    Code(
        code="E0501",
        title="a metric does not fit this answer",
        why="""\
Every metric has a signature: what it takes as answer and gold. Many libraries accept almost anything and return a number;
macro F1 over free texts would count every different wording as a class of its own.""",
        wrong=module(
            _BOTH.replace("accuracy", "exact_match"),
            _FREE,
            READ,
            _FREE_TASK.replace("primary exact_match", "primary exact_match   macro_f1"),
        ),
        right=module(
            _BOTH,
            NOTES,
            READ,
            FOLLOW_UP.replace("primary accuracy", "primary accuracy   macro_f1"),
        ),
        related=("E0305", "E0503"),
    ),
    Code(
        code="E0503",
        title="a metric needs something the reader does not offer",
        why="""\
Some metrics look at more than the answer: calibration compares how sure a model is with how often it is right. A reader
that reads one written letter has nothing to say about that, and inventing a confidence of 1 would look like a finding.""",
        wrong=module(_ECE, NOTES, READ, FOLLOW_UP.replace("primary accuracy", "primary accuracy   ece")),
        right=module(
            _ECE,
            NOTES,
            READ,
            FOLLOW_UP.replace("primary accuracy", "primary accuracy   ece").replace("via letter", "via likelihood"),
        ),
        related=("E0501", "E0701"),
    ),
    Code(
        code="E0504",
        title="a task has no primary metric, or several",
        why="""\
One metric of each task is the one its result is known by: suites average it and tables rank by it. If that were chosen
after the run, it would be chosen by the result.""",
        wrong=module(_BOTH, NOTES, READ, FOLLOW_UP.replace("primary accuracy", "accuracy   macro_f1")),
        right=module(_BOTH, NOTES, READ, FOLLOW_UP.replace("primary accuracy", "primary accuracy   macro_f1")),
        related=("E0505",),
    ),
    Code(
        code="E0505",
        title="two metrics would have the same name in reports",
        why="""\
A report has one number for each name. With two of the same name one would be lost, and nobody could say which.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP.replace("primary accuracy", "primary accuracy  accuracy")),
        right=module(
            METRICS, NOTES, READ, FOLLOW_UP.replace("primary accuracy", "primary accuracy  accuracy as agreed")
        ),
        related=("E0504",),
    ),
    Code(
        code="E0510",
        title="a metric has no value for unread rows here",
        why="""\
An unread row counts as the worst value there is for it. Where an answer may be any number at all, an error may be of any
size: there is no worst one, and whatever is put in its place decides the score. So the answer says between which ends it
lies, or the task says that unread rows are left out.""",
        wrong=module("import std.metrics { mae }", _DAYS, READ, _STAY),
        right=module("import std.metrics { mae }", _DAYS, READ, _STAY.replace("int via", "int(0..90) via")),
        related=("W0509", "E0501"),
    ),
    Code(
        code="E0511",
        title="a metric looks at something the answer does not have",
        why="""\
`on` compares one field of the answer with the same field of the reference, and `mean(answer.FIELD)` takes one field of
the answer. The field must be there, on both sides where two are compared.""",
        wrong=module(METRICS, _WARDS.replace("Decision", "Triage"), READ, _ADMIT.replace("on ward", "on unit")),
        right=module(METRICS, _WARDS.replace("Decision", "Triage"), READ, _ADMIT),
        related=("E0501", "E0408"),
    ),
    Code(
        code="W0509",
        title="unreadable replies are left out of the score",
        why="""\
With `unread = skip` a reply that cannot be read leaves the denominator: a model that answers only what it is sure of
scores better than one that answers everything. The share of unread replies is reported either way. Without the setting,
such a row counts as wrong.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP.replace("  metrics", "  unread = skip\n  metrics")),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("W0406",),
    ),
)

_SUITES = (
    Code(
        code="E0506",
        title="the tasks of a suite cannot be combined",
        why="""\
An aggregate is an average of primary metrics, or of the one it names. It needs at least one task, each task once, and
metrics of one range and direction, with two known ends; otherwise the number exists and means nothing. `over [a, b]` takes
some of the tasks. `rescale: chance` makes of each score its share of the way from guessing to perfect, where it is known what
guessing gets: for the accuracy of closed answers, and for texts, numbers, spans and boxes.""",
        wrong=module(
            METRICS,
            NOTES,
            READ,
            FOLLOW_UP,
            _suite("tasks { follow_up  follow_up weight 2 }", "aggregate overall = mean()"),
        ),
        right=module(METRICS, NOTES, READ, FOLLOW_UP, _suite("tasks { follow_up }", "aggregate overall = mean()")),
        related=("E0504",),
    ),
    Code(
        code="E0507",
        title="an example does not fit its task",
        why="""\
An example is a test of the spec: one row, one reply, the expected answer and scores. It must be a row the task could
meet, and may expect only what the task reports; otherwise it tests something else.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP, _example("answer = no  macro_f1 = 1.0")),
        right=module(METRICS, NOTES, READ, FOLLOW_UP, _example("answer = no  accuracy = 1.0")),
        related=("E0301", "E0408"),
    ),
    Code(
        code="E0508",
        title="a published figure that its metric cannot have",
        why="""\
Reports show published figures beside what was measured. A figure outside the range of its metric is mistyped, or in per
cent where the metric is a fraction; side by side, the two would look as if they were far apart.""",
        wrong=module(METRICS, NOTES, READ, _reference("81.2")),
        right=module(METRICS, NOTES, READ, _reference("0.812")),
        related=("E0507",),
    ),
)

CODES = _METRICS + _SUITES
