"""Kappa with quadratic weights: agreement on a scale, where being off by two counts four times as much as by one.

1 is full agreement, 0 what the shares of ratings alone would give. Where answers and golds are all one and the same
rating, the formula is 0/0: the value is 1.
An unread row is as far from its gold as the two ends of the scale are from each other, whatever the gold.

Counted by torchmetrics, weighed here in 64 bits. Cohen, Psychological Bulletin 70 (1968) 213-220.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import CORRELATION, Batch, Metric, Settings, Signature, Unread, ends_of
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of
from medspec.types.choice import ChoiceType

if TYPE_CHECKING:
    import numpy as np

S = Variable("S", "rating")


def _on_scale(batch: Batch) -> Batch:
    """The batch with ratings as places on the scale, which are class numbers."""
    low, high = ends_of(batch.type)
    assert low is not None and high is not None
    first = int(low)
    # The highest rating need not occur: the weight of an unread row is that of the whole scale.
    answers = [answer if type(answer) is Unread else int(answer) - first for answer in batch.answers]
    return Batch(ChoiceType(""), answers, [int(gold) - first for gold in batch.golds])


def quadratic_kappa(cells: Cells, drawn: np.ndarray, longest: float) -> np.ndarray:
    """Quadratic kappa of each draw; `longest` is the distance between the ends of the scale."""
    import numpy as np

    _, golds, answers = cells.per_class(drawn)
    rows = drawn.sum(axis=1)
    is_unread = cells.answer == cells.classes
    apart = np.where(is_unread, longest, cells.gold - cells.answer) ** 2
    unread = drawn[:, is_unread].sum(axis=1)
    ratings = np.arange(cells.classes)
    weights = np.subtract.outer(ratings, ratings) ** 2.0
    by_chance = ((golds @ weights) * answers).sum(axis=1) + rows * unread * longest**2
    # One minus the ratio of two disagreements, of which none is possible only where none is there.
    return ratio(by_chance - rows * (drawn @ apart), by_chance, 1.0)


def _value(batch: Batch) -> tuple[Batch, float]:
    low, high = ends_of(batch.type)
    assert low is not None and high is not None
    return _on_scale(batch), max(high - low, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    placed, longest = _value(batch)
    return value_of(placed, lambda cells, drawn: quadratic_kappa(cells, drawn, longest))


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    placed, longest = _value(batch)
    return resampled_of(placed, lambda cells, drawn: quadratic_kappa(cells, drawn, longest))


QUADRATIC_KAPPA = Metric(
    name="quadratic_kappa",
    summary="Cohen's kappa with quadratic weights: agreement on a scale beyond chance",
    unread="as far from its gold as the ends of the scale are apart",
    signature=Signature(pred=S, gold=S, yields=CORRELATION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
)
