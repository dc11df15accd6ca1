"""Set recall: the share of the gold labels that are answered, all rows pooled.

Where no gold has a label the value is 1: nothing was to be found.
Labels are values of a closed type, or texts, compared letter by letter. A list is taken as the set of its entries.
An unread row has its gold labels missed and as many invented, at least one.

torchmetrics takes labels as columns of zeros and ones, which texts are not; the tests compare with scikit-learn.

Zhang and Zhou, IEEE Transactions on Knowledge and Data Engineering 26 (2014) 1819-1837 (micro-averaged).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.label_sets import LABELS, UNREAD, label_counts
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np


def _value(sums: np.ndarray) -> np.ndarray:
    right, _, wanted = sums.T
    return ratio(right, wanted, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(label_counts(batch).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(label_counts(batch), _value)


SET_RECALL = Metric(
    name="set_recall",
    summary="share of the gold labels that are answered, pooled over rows",
    unread=UNREAD,
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
)
