"""Selective accuracy: of the rows that are not abstained, the share whose answer equals the gold.

An unread row is wrong: it is in the denominator and never in the numerator, so that nothing is gained by a reply that cannot
be read where an abstention was possible. An answer to a row whose gold is an abstention is wrong as well. Where all rows are
abstained there is nothing to divide by, and no value. Read it beside `coverage`: a model that answers the easiest row alone
may be right in all it says.

The accuracy of the classifier at its coverage, 1 minus the selective risk of El-Yaniv & Wiener, JMLR 11 (2010) 1605-1641.
Whole counts, divided in 64 bits; torchmetrics has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.patterns import AbstainOf, Variable
from medspec.metrics.resample import resampled_sums
from medspec.metrics.tables import ratio
from medspec.types.abstention import ABSTAINED

if TYPE_CHECKING:
    import numpy as np

T = Variable("T", "equal")


def _counts(batch: Batch) -> np.ndarray:
    """For each row whether it is right and whether it is not abstained: float64 of shape [rows, 2]."""
    import numpy as np

    pairs = zip(batch.answers, batch.golds, strict=True)
    found = [
        (0.0, 0.0) if answer == ABSTAINED else (float(not isinstance(answer, Unread) and answer == gold), 1.0)
        for answer, gold in pairs
    ]
    return np.array(found, np.float64)


def compute(batch: Batch, settings: Settings) -> float:
    """NaN where every row is abstained."""
    right, answered = _counts(batch).sum(axis=0).tolist()
    return right / answered if answered else float("nan")


def replicates(batch: Batch, settings: Settings, resamples: int, generator: np.random.Generator) -> np.ndarray:
    sums = resampled_sums(_counts(batch), resamples, generator)
    return ratio(sums[:, 0], sums[:, 1], float("nan"))


SELECTIVE_ACCURACY = Metric(
    name="selective_accuracy",
    summary="share of right answers among the rows that are not abstained",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(
        pred=AbstainOf(T), gold=AbstainOf(T, plain_too=True), yields=FRACTION, grain="whole set", empty=None
    ),
    compute=compute,
    replicates=replicates,
)
