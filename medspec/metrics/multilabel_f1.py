"""Multi-label F1: every label is a question of its own, answered yes or no in each row.

    multilabel_f1(average: macro)    the mean of F1 over the labels that occur in golds or answers
    multilabel_f1(average: micro)    F1 of all labels pooled, which is `set_f1`

Where no label occurs at all the value is 1. An unread row has its gold labels missed and as many invented, at least one;
under `macro` the invented ones are spread evenly over all labels of the type that occur.

Counted in 64 bits without torchmetrics, which needs a column of zeros and ones for each label and knows no unread rows;
the tests compare with scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread
from medspec.metrics.batch import as_set
from medspec.metrics.label_sets import label_counts
from medspec.metrics.patterns import SetOf, Variable
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np

LABELS = SetOf(Variable("E", "closed"))


def _counts(batch: Batch, average: str) -> np.ndarray:
    """Hits and twice the denominator of F1 of each row, for each label: float64 of shape [rows, 2 * labels].

    Pooled, all labels are one. The column of a label is hits first; the labels' other halves follow.
    """
    import numpy as np

    if average == "micro":
        right, answered, wanted = label_counts(batch).T
        return np.stack([right, answered + wanted], axis=1)
    golds = [as_set(gold) for gold in batch.golds]
    answers = [None if isinstance(answer, Unread) else as_set(answer) for answer in batch.answers]
    labels = sorted(set().union(*golds, *(answer for answer in answers if answer is not None)), key=str)
    column = {label: place for place, label in enumerate(labels)}
    hits = np.zeros((len(batch), len(labels)))
    total = np.zeros((len(batch), len(labels)))
    for place, (answer, gold) in enumerate(zip(answers, golds, strict=True)):
        for label in gold:
            total[place, column[label]] += 1
        if answer is None:
            total[place] += max(1, len(gold)) / max(1, len(labels))
            continue
        for label in answer:
            total[place, column[label]] += 1
            hits[place, column[label]] += label in gold
    return np.concatenate([hits, total], axis=1)


def _value(sums: np.ndarray) -> np.ndarray:
    """The mean over labels that occur, of sums of shape [draws, 2 * labels]."""
    half = sums.shape[1] // 2
    hits, total = sums[:, :half], sums[:, half:]
    occurring = (total > 0).sum(axis=1)
    return ratio(ratio(2 * hits, total, 0.0).sum(axis=1), occurring, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch, settings["average"]).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch, settings["average"]), _value)


MULTILABEL_F1 = Metric(
    name="multilabel_f1",
    summary="F1 of the labels of sets, their mean (macro) or pooled (micro)",
    unread="its gold labels are missed and as many invented, at least one, evenly over all labels",
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(
        Setting(name="average", default="macro", choices=("macro", "micro"), summary="how labels are put together"),
    ),
)
