"""Rank correlation: how far two rankings of a row's options agree, by Kendall's tau.

Of all pairs of options, the share that both put in the same order minus the share that they do not: 1 for the same
ranking, -1 for the reverse. A ranking of fewer than two options has no pairs and counts 1.
An unread row counts -1.

torchmetrics has it for columns of numbers, not for rankings of different lengths; the tests compare with scipy.
Kendall, Biometrika 30 (1938) 81-93.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import CORRELATION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import Variable
from medspec.types.base import Type

R = Variable("R", "ranking", "ranking")


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """Tau of one answer: two permutations of the same options, best first."""
    if isinstance(answer, Unread):
        return -1.0
    place = {option: number for number, option in enumerate(gold)}
    order = [place[option] for option in answer]
    pairs = len(order) * (len(order) - 1) // 2
    if not pairs:
        return 1.0
    turned = sum(before > after for number, before in enumerate(order) for after in order[number + 1 :])
    return 1 - 2 * turned / pairs


RANK_CORRELATION = Metric(
    name="rank_correlation",
    summary="Kendall's tau of two rankings of the row's options",
    unread="-1, as the reverse ranking",
    signature=Signature(pred=R, gold=R, yields=CORRELATION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
)
