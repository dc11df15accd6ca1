"""Mean absolute error: how far answers are from golds on average, in the unit of the answer.

An unread row counts the largest error an answer could make there: the distance from its gold to the farther end of the
answer's range. So the answer needs a range with two ends, `float(0..100)`, or the task `unread = skip`.

torchmetrics sums in 32 bits; the mean is taken here in 64, and the tests compare with scikit-learn.

Willmott and Matsuura, Climate Research 30 (2005) 79-82.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medspec.metrics.base import Batch, Metric, Range, Settings, Signature, Unread, ends_of, mean_of_rows
from medspec.metrics.patterns import Variable
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

N = Variable("N", "number")


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """The distance of one answer from its gold; NaN for an unread one where the range is open."""
    if not isinstance(answer, Unread):
        return float(abs(answer - gold))
    low, high = ends_of(type_)
    return float("nan") if low is None or high is None else float(max(abs(gold - low), abs(high - gold)))


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """`per_row` of all rows at once."""
    import numpy as np

    answers, golds = batch.numbers()
    low, high = ends_of(batch.type)
    found: np.ndarray = np.abs(answers - golds)
    if low is None or high is None:
        return found
    worst = np.maximum(np.abs(golds - low), np.abs(high - golds))
    return np.where(batch.unread, worst, found)


def worst_of(given: Mapping[str, Type]) -> str | None:
    """What the answer's type lacks for an unread row to have a value."""
    return "a range with two ends" if None in ends_of(given["pred"]) else None


MAE = Metric(
    name="mae",
    summary="mean distance of the number from the gold",
    unread="the distance from its gold to the farther end of the answer's range",
    signature=Signature(pred=N, gold=N, yields=Range(0.0, None, higher_is_better=False), grain="per row", empty=None),
    compute=mean_of_rows(rows),
    per_row=per_row,
    rows=rows,
    worst_of=worst_of,
)
