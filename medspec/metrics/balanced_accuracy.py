"""Balanced accuracy: the mean over the classes that golds have of the share of their rows that is answered right.

A class that only answers name has no rows and is no part of the mean. An unread row is a miss of its gold class: in the
denominator of that class, never in the numerator.

Counted by torchmetrics, divided here in 64 bits.

Brodersen, Ong, Stephan and Buhmann, ICPR 2010.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of

if TYPE_CHECKING:
    import numpy as np

E = Variable("E", "closed")


def balanced_accuracy(cells: Cells, drawn: np.ndarray) -> np.ndarray:
    """The balanced accuracy of each draw, over the classes that its golds have."""
    hits, golds, _ = cells.per_class(drawn)
    found: np.ndarray = ratio(hits, golds, 0.0).sum(axis=1) / (golds > 0).sum(axis=1)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    return value_of(batch, balanced_accuracy)


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    return resampled_of(batch, balanced_accuracy)


BALANCED_ACCURACY = Metric(
    name="balanced_accuracy",
    summary="mean over the gold classes of the share of their rows answered right",
    unread="a miss of its gold class",
    signature=Signature(pred=E, gold=E, yields=FRACTION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
)
