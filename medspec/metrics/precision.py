"""Precision: the share of positive answers whose gold is positive.

Where no answer is positive the value is 0 if a gold is, and 1 if none is: nothing to find, nothing invented.
An unread row counts as the wrong answer: a positive gold is missed, any other gold is a false alarm.

    precision(positive: yes)

Counted by torchmetrics, divided here in 64 bits.

Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, section 8.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.positives import POSITIVE, UNREAD, C, found_and_not, positive_class
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of

if TYPE_CHECKING:
    import numpy as np


def precision(cells: Cells, drawn: np.ndarray, positive: int) -> np.ndarray:
    """The precision of each draw."""
    hits, false_alarms, misses = found_and_not(cells, drawn, positive)
    found: np.ndarray = ratio(hits, hits + false_alarms, 0.0) + (hits + false_alarms + misses == 0)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    positive = positive_class(batch, settings)
    return value_of(batch, lambda cells, drawn: precision(cells, drawn, positive))


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    positive = positive_class(batch, settings)
    return resampled_of(batch, lambda cells, drawn: precision(cells, drawn, positive))


PRECISION = Metric(
    name="precision",
    summary="share of the positive answers that are right",
    unread=UNREAD,
    signature=Signature(pred=C, gold=C, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(POSITIVE,),
)
