"""Cohen's kappa: agreement of answer and gold beyond what their shares of classes alone would give.

1 is full agreement, 0 what chance gives, below 0 less than that. Where all rows have one class and are answered so,
chance alone gives full agreement and the formula is 0/0: the value is 1.
An unread row agrees with nothing: it is in the denominator of the agreement and of the shares, and no class gets it.

Counted by torchmetrics, divided here in 64 bits. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import CORRELATION, Batch, Metric, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of

if TYPE_CHECKING:
    import numpy as np

E = Variable("E", "closed")


def kappa(cells: Cells, drawn: np.ndarray) -> np.ndarray:
    """Kappa of each draw."""
    hits, golds, answers = cells.per_class(drawn)
    rows = drawn.sum(axis=1)
    by_chance = (golds * answers).sum(axis=1)
    # Times the square of the rows, so that everything is a whole number until the division.
    return ratio(hits.sum(axis=1) * rows - by_chance, rows * rows - by_chance, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return value_of(batch, kappa)


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    return resampled_of(batch, kappa)


KAPPA = Metric(
    name="kappa",
    summary="Cohen's kappa: agreement beyond chance",
    unread="agrees with nothing: in the denominator, in no class",
    signature=Signature(pred=E, gold=E, yields=CORRELATION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
)
