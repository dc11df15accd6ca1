"""Multi-label recall: how many of the gold's labels are answered, label by label, and the mean over labels.

A label that is only answered, and in no gold, counts 0, as scikit-learn has it with `zero_division=0`; labels that occur
neither in golds nor in answers are left out. Where no label occurs at all the value is 1. An unread row has its gold
labels missed and as many invented, at least one, spread evenly over all labels that occur.

Counted in 64 bits without torchmetrics, as `multilabel_f1` is; the tests compare with scikit-learn.

Zhang and Zhou, IEEE Transactions on Knowledge and Data Engineering 26 (2014) 1819-1837 (macro-averaged).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.label_columns import UNREAD, label_columns, macro
from medspec.metrics.multilabel_f1 import LABELS
from medspec.metrics.resample import OfSums

if TYPE_CHECKING:
    import numpy as np


def _value(sums: np.ndarray) -> np.ndarray:
    return macro(sums, lambda columns: columns.wanted)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(label_columns(batch).stacked().sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(label_columns(batch).stacked(), _value)


MULTILABEL_RECALL = Metric(
    name="multilabel_recall",
    summary="recall of the labels of sets, the mean over labels",
    unread=UNREAD,
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
)
