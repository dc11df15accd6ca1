"""Selective accuracy: of the rows that are not abstained, the share whose answer equals the gold.

An unread row is wrong: it is in the denominator and never in the numerator, so that nothing is gained by a reply that cannot
be read where an abstention was possible. An answer to a row whose gold is an abstention is wrong as well. Where all rows are
abstained there is nothing to divide by, and no value. Read it beside `coverage`: a model that answers the easiest row alone
may be right in all it says.

The accuracy of the classifier at its coverage, 1 minus the selective risk of El-Yaniv & Wiener, JMLR 11 (2010) 1605-1641.
Whole counts, divided in 64 bits; torchmetrics has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.patterns import AbstainOf, Variable
from medspec.metrics.resample import OfSums, mean_of_values
from medspec.types.abstention import ABSTAINED

if TYPE_CHECKING:
    import numpy as np

T = Variable("T", "equal")


def _right(batch: Batch) -> np.ndarray:
    """1 for each row that is right, 0 for one that is wrong, NaN for one that is abstained: float64 of shape [rows]."""
    import numpy as np

    return np.array([_of(*pair) for pair in zip(batch.answers, batch.golds, strict=True)], np.float64)


def _of(answer: Any, gold: Any) -> float:
    return float("nan") if answer == ABSTAINED else float(not isinstance(answer, Unread) and bool(answer == gold))


def compute(batch: Batch, settings: Settings) -> float:
    """NaN where every row is abstained."""
    right = _right(batch)
    answered = right[right == right]
    return float(answered.sum() / len(answered)) if len(answered) else float("nan")


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return mean_of_values(_right(batch))


SELECTIVE_ACCURACY = Metric(
    name="selective_accuracy",
    summary="share of right answers among the rows that are not abstained",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(
        pred=AbstainOf(T), gold=AbstainOf(T, plain_too=True), yields=FRACTION, grain="whole set", empty=None
    ),
    compute=compute,
    resampled=resampled,
)
