"""Recall (sensitivity): the share of positive golds that are answered so.

Where no gold is positive the value is 1: nothing was to be found.
An unread row counts as the wrong answer: a positive gold is missed, any other gold is a false alarm.

    recall(positive: yes)

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


def recall(cells: Cells, drawn: np.ndarray, positive: int) -> np.ndarray:
    """The recall of each draw."""
    hits, _, misses = found_and_not(cells, drawn, positive)
    return ratio(hits, hits + misses, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    positive = positive_class(batch, settings)
    return value_of(batch, lambda cells, drawn: recall(cells, drawn, positive))


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    positive = positive_class(batch, settings)
    return resampled_of(batch, lambda cells, drawn: recall(cells, drawn, positive))


RECALL = Metric(
    name="recall",
    summary="share of the positive golds that are found (sensitivity)",
    unread=UNREAD,
    signature=Signature(pred=C, gold=C, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(POSITIVE,),
)
