"""Brier score: the squared distance between the confidence in every value and what is true, from 0 to 2.

Of a row it is the sum over all values of the type of (confidence - 1 if it is the gold, else confidence) squared. With two
values that is twice the form in which only one of them is looked at.
An unread row counts 2, which is what full confidence in a wrong answer gives.

torchmetrics has no such score; the tests compare with scikit-learn. Brier, Monthly Weather Review 78 (1950) 1-3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import Batch, Metric, Range, Settings, Signature, mean_of_rows
from medspec.metrics.patterns import Variable

if TYPE_CHECKING:
    import numpy as np

C = Variable("C", "closed")


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """The score of every row."""
    import numpy as np

    _, gold, _ = batch.codes
    table, places = batch.probabilities(), np.arange(len(batch))
    of_gold = np.where(batch.unread, 0.0, table[places, np.where(batch.unread, 0, gold)])
    found = (table**2).sum(axis=1) - 2 * of_gold + 1
    return np.clip(np.where(batch.unread, 2.0, found), 0.0, 2.0)


BRIER = Metric(
    name="brier",
    summary="squared distance between confidence and truth, over all values of the type",
    unread="2, as full confidence in a wrong answer",
    signature=Signature(
        pred=C,
        gold=C,
        yields=Range(0.0, 2.0, higher_is_better=False),
        grain="per row",
        empty=None,
        needs=frozenset({"confidence"}),
    ),
    compute=mean_of_rows(rows),
    rows=rows,
)
