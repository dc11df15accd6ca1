"""Exact set: the share of rows whose set of labels is the gold's, no label missing and none too many.

A list is taken as the set of its entries. Two empty sets are equal. An unread row is wrong: in the denominator, never in
the numerator, also where its gold is empty.

torchmetrics has it for columns of zeros and ones only; the tests compare with scikit-learn.

Zhang and Zhou, IEEE Transactions on Knowledge and Data Engineering 26 (2014) 1819-1837, where it is the subset accuracy.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.batch import as_set
from medspec.metrics.label_sets import LABELS
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where both sets are equal, else 0.0."""
    return 1.0 if not isinstance(answer, Unread) and as_set(answer) == as_set(gold) else 0.0


EXACT_SET = Metric(
    name="exact_set",
    summary="share of rows whose set of labels is exactly the gold's",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=LABELS, gold=LABELS, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
)
