"""05xx: judges and panels."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import JUDGE

_SECOND = """
model other_lm {{ artifact = onnx("judges/other-7b")  context = 8192 }}

judge second(question: text, expected: text, given: text) -> {verdict} {{
  model  = other_lm
  prompt = grade
}}

panel board {{
  judges  = [graded, second]
  combine = majority
}}
"""

_LABELLED = """
record Labelled {
  id       : text
  question : text
  expected : text
  given    : text
  gold     : bool
}

dataset labelled : Labelled {
  source  = jsonl("labelled.jsonl")
  splits  = [test]
  license = "mit"
}
"""


def _calibrated(agreement: str) -> str:
    verdict = JUDGE.replace("score(0..4)", "bool")
    clause = f"  calibrate on labelled.test {{ agreement = {agreement}  at_least = 0.6 }}"
    return verdict.rstrip().removesuffix("}") + clause + "\n}"


CODES = (
    Code(
        code="E0512",
        title="a judge or a panel cannot give one verdict",
        why="""\
A verdict is a record, an enum, yes or no, or a rating on a scale with two ends, since only these can be counted or averaged.
The judges of a panel are shown the same things and give the same type of verdict, each of them once; a quorum can be
reached; and whoever settles a disagreement has not judged before.""",
        wrong=module(JUDGE, _SECOND.format(verdict="bool")),
        right=module(JUDGE, _SECOND.format(verdict="score(0..4)")),
        related=("E0501", "E0513"),
    ),
    Code(
        code="E0513",
        title="a judge cannot be calibrated like this",
        why="""\
A judge is trusted as far as it agrees with people who judged the same rows. Their label has the type of the verdict, or of
one of its fields, and the statistic must be made for that type: a weighted kappa needs a scale, and yes and no have none.""",
        wrong=module(_LABELLED, _calibrated("quadratic_kappa")),
        right=module(_LABELLED, _calibrated("ac1")),
        related=("E0408", "E0608"),
    ),
    Code(
        code="W0514",
        title="a greedy judge says the same each time",
        why="""\
Repeats show how far a judge agrees with itself, and their mean is steadier than one verdict. A judge
with temperature 0 is asked the same thing once: an equal question has one reply in the journal of a run, whoever asks it, so that
repeats are copies, and a reply that cannot be read cannot be read the second time either. A model that could not be reached is
asked again all the same.""",
        wrong=module(JUDGE.replace("  prompt = grade\n", "  prompt = grade\n  repeats = 3\n")),
        right=module(JUDGE.replace("  prompt = grade\n", "  prompt = grade\n  repeats = 3\n  temperature = 0.7\n")),
        related=("E0512",),
    ),
)
