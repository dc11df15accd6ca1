"""Matthews' correlation, for two classes or more: how far answers follow golds, whatever the shares of the classes.

1 is full agreement, 0 no relation. Where all answers, or all golds, are of one class the formula is 0/0: the value is 1
when every row is right, else 0.
An unread row is answered with a class of its own, which no gold has.

Counted by torchmetrics, which defines the same, and divided here in 64 bits. Gorodkin, Computational Biology and
Chemistry 28 (2004) 367-374.
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


def matthews(cells: Cells, drawn: np.ndarray) -> np.ndarray:
    """The correlation of each draw."""
    import numpy as np

    hits, golds, answers = cells.per_class(drawn)
    rows = drawn.sum(axis=1)
    unread = rows - answers.sum(axis=1)
    right = hits.sum(axis=1)
    together = right * rows - (golds * answers).sum(axis=1)
    spread_of_golds = rows**2 - (golds**2).sum(axis=1)
    spread_of_answers = rows**2 - (answers**2).sum(axis=1) - unread**2
    # The roots one by one: their product under one root leaves the exact whole numbers for large batches.
    found: np.ndarray = ratio(together, np.sqrt(spread_of_golds) * np.sqrt(spread_of_answers), 0.0)
    return np.clip(np.where(right == rows, 1.0, found), -1.0, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return value_of(batch, matthews)


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    return resampled_of(batch, matthews)


MATTHEWS = Metric(
    name="matthews",
    summary="Matthews' correlation of answers and golds",
    unread="answered with a class of its own, which no gold has",
    signature=Signature(pred=E, gold=E, yields=CORRELATION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
)
