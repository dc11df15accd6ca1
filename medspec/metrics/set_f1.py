"""Set F1: how well sets of labels match those of the gold, all labels of all rows pooled.

It is twice the right labels over all answered and all gold labels. Where there are none on either side in the whole
set, the value is 1: nothing to find, nothing invented.
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
    right, answered, wanted = sums.T
    return ratio(2 * right, answered + wanted, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(label_counts(batch).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(label_counts(batch), _value)


SET_F1 = Metric(
    name="set_f1",
    summary="F1 of sets of labels, pooled over rows",
    unread=UNREAD,
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
)
