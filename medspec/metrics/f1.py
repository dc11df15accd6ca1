"""F1: the harmonic mean of precision and recall of the positive case.

Where no gold and no answer is positive the value is 1: nothing to find, nothing invented.
An unread row counts as the wrong answer: a positive gold is missed, any other gold is a false alarm.

    f1(positive: yes)

Counted by torchmetrics, divided here in 64 bits.

van Rijsbergen, Information Retrieval, second edition, 1979, chapter 7; Manning, Raghavan and Schütze,
Introduction to Information Retrieval, 2008, section 8.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.positives import POSITIVE, UNREAD, C, found_and_not, positive_class
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of

if TYPE_CHECKING:
    import numpy as np


def f1(cells: Cells, drawn: np.ndarray, positive: int) -> np.ndarray:
    """The f1 of each draw."""
    hits, false_alarms, misses = found_and_not(cells, drawn, positive)
    return ratio(2 * hits, 2 * hits + false_alarms + misses, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    positive = positive_class(batch, settings)
    return value_of(batch, lambda cells, drawn: f1(cells, drawn, positive))


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    positive = positive_class(batch, settings)
    return resampled_of(batch, lambda cells, drawn: f1(cells, drawn, positive))


F1 = Metric(
    name="f1",
    summary="harmonic mean of precision and recall of the positive case",
    unread=UNREAD,
    signature=Signature(pred=C, gold=C, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(POSITIVE,),
)
