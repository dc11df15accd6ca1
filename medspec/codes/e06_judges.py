"""06xx: what flows to a judge, and to models that are somewhere else."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import JUDGE, JUDGED, MEAN, QUESTIONS, TELL

_LABELLED = """
record Labelled {
  id       : text
  question : text
  expected : text
  given    : text
  gold     : text
  rating   : score(0..4)
}

dataset questions : Labelled {
  source  = jsonl("questions/{split}.jsonl")
  splits  = [dev, test]
  license = "mit"
}
"""
_PRIVATE = QUESTIONS.replace('"mit"', '"physionet-credentialed-1.5"')
_REMOTE = JUDGE.replace('onnx("judges/judge-8b")', 'openai("judge-8b", url: "https://models.example.org/v1")')


def _calibrated(rows: str) -> str:
    clause = f"  calibrate on {rows} {{ agreement = quadratic_kappa  at_least = 0.6  gold = rating }}"
    return JUDGE.rstrip().removesuffix("}") + clause + "\n}"


CODES = (
    Code(
        code="E0608",
        title="a judge is calibrated on the rows that it judges",
        why="""\
A judge whose prompt was tuned until it agreed with people on some rows agrees with them on those rows. How far it can be
trusted on others is not known, and the score is over the very rows it was fitted to. Where a published protocol does it
all the same, the task says so, and every report repeats it: `waive E0608 because "..."`.""",
        wrong=module(MEAN, _LABELLED, TELL, _calibrated("questions.test"), JUDGED),
        right=module(MEAN, _LABELLED, TELL, _calibrated("questions.dev"), JUDGED),
        related=("E0604", "E0513"),
    ),
    Code(
        code="E0609",
        title="rows that may not leave would be sent to a remote model",
        why="""\
Data under an agreement, and data marked `private = true`, may not be passed on, and a model behind an address is somebody
else. Whatever is made of such rows counts: prompts, shots, answers, what a judge is shown. Taken for such data are licences
with one of the words physionet, mimic, eicu, n2c2, i2b2, credentialed, restricted, "data use" or dua. Addresses of this
machine itself (localhost) are not remote. Where the agreement allows it, the task says so, and every report repeats it:
`waive E0609 because "..."`.""",
        wrong=module(MEAN, _PRIVATE, TELL, _REMOTE, JUDGED),
        right=module(MEAN, _PRIVATE, TELL, JUDGE, JUDGED),
        related=("E0605",),
    ),
)
