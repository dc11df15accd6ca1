"""Win rate: how often one side of a pair is preferred, a tie counting half.

    win_rate(prefer(question, first: answer, second: baseline), winner: first, tie: tie)

A verdict that is neither `winner` nor `tie` is a loss, and so is an unread row.

A plain mean of 1, 1/2 and 0 in 64 bits; torchmetrics knows no ties.
Ties as halves: Zheng et al. (2023), "Judging LLM-as-a-Judge", section 3.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Setting, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import Variable
from medspec.types.base import Type

E = Variable("E", "cases")


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 for a win, 0.5 for a tie, else 0.0."""
    if isinstance(answer, Unread):
        return 0.0
    return 1.0 if answer == settings["winner"] else 0.5 if answer == settings["tie"] else 0.0


WIN_RATE = Metric(
    name="win_rate",
    summary="how often one side of a pair is preferred; a tie is half a win",
    unread="a loss",
    signature=Signature(value=E, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(
        Setting(name="winner", kind="case", summary="the case in which the model under test wins"),
        Setting(name="tie", kind="case", summary="the case in which neither side wins"),
    ),
)
