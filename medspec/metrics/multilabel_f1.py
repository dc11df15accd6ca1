"""Multi-label F1: every label is a question of its own, answered yes or no in each row.

    multilabel_f1(average: macro)    the mean of F1 over the labels that occur in golds or answers
    multilabel_f1(average: micro)    F1 of all labels pooled, which is `set_f1`

Where no label occurs at all the value is 1. An unread row has its gold labels missed and as many invented, at least one;
under `macro` the invented ones are spread evenly over all labels of the type that occur.

Counted in 64 bits without torchmetrics, which needs a column of zeros and ones for each label and knows no unread rows;
the tests compare with scikit-learn.

Zhang and Zhou, IEEE Transactions on Knowledge and Data Engineering 26 (2014) 1819-1837.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature
from medspec.metrics.label_columns import UNREAD, label_columns, macro
from medspec.metrics.label_sets import label_counts
from medspec.metrics.patterns import SetOf, Variable
from medspec.metrics.resample import OfSums

if TYPE_CHECKING:
    import numpy as np

LABELS = SetOf(Variable("E", "closed"))


def _counts(batch: Batch, average: str) -> np.ndarray:
    """Hits, answers and golds of each row, for each label: float64 of shape [rows, 3 * labels]. Pooled, all are one."""
    return label_counts(batch) if average == "micro" else label_columns(batch).stacked()


def _value(sums: np.ndarray) -> np.ndarray:
    return macro(sums, lambda columns: columns.answered + columns.wanted, 2.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch, settings["average"]).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch, settings["average"]), _value)


MULTILABEL_F1 = Metric(
    name="multilabel_f1",
    summary="F1 of the labels of sets, their mean (macro) or pooled (micro)",
    unread=UNREAD,
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(
        Setting(name="average", default="macro", choices=("macro", "micro"), summary="how labels are put together"),
    ),
)
