"""Key-point recall: the share of all key points that are met, those of all rows pooled.

    key_point_recall(met(point, answer) for point in gold.points)      every point counts the same
    mean(met(point, answer) for point in gold.points)                  every row counts the same

An unread row has all of its points missed.

torchmetrics has no metric over lists of unequal length; the tests count by hand.

Voorhees, TREC 2003, for recall over what an answer has to say; there by question, here over all points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.entries import entries_of
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np

B = Variable("B", "yes or no")


def _counts(batch: Batch) -> np.ndarray:
    """Points met and points there, of each row: float64 of shape [rows, 2]."""
    import numpy as np

    found = np.empty((len(batch), 2))
    for place, answer in enumerate(batch.answers):
        entries = () if isinstance(answer, Unread) else entries_of(answer)
        found[place] = sum(met for met, _ in entries), len(entries) if entries else isinstance(answer, Unread)
    return found


def _value(sums: np.ndarray) -> np.ndarray:
    met, there = sums.T
    return ratio(met, there, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch), _value)


KEY_POINT_RECALL = Metric(
    name="key_point_recall",
    summary="share of key points that are met, pooled over rows",
    unread="all of its points are missed",
    signature=Signature(value=B, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    entries="counted",
)
