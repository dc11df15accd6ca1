"""AUROC: how well confidence in the positive case tells positive rows from the others.

It is the share of all pairs of a positive and another row in which the positive one has the higher confidence; equal
ones count half. Where all golds are positive, or none is, there are no pairs and no value.
An unread row has no confidence: it loses every pair it is in (against another unread row: half of it).

torchmetrics ranks 32-bit numbers, in which different confidences can be equal, and takes no weights, so the pairs are
counted here; the tests compare with it and with scikit-learn.

Hanley and McNeil, Radiology 143 (1982) 29-36.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.positives import POSITIVE, C, positive_class
from medspec.metrics.resample import OfKinds

if TYPE_CHECKING:
    import numpy as np


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    """Rows of one level of confidence are of two kinds: positive ones, of an odd number, and the others."""
    import numpy as np

    positive = positive_class(batch, settings)
    _, gold, _ = batch.codes
    is_positive = gold == positive
    confidence = batch.probabilities()[:, positive]
    confidence = np.where(batch.unread, np.where(is_positive, -np.inf, np.inf), confidence)
    levels, level = np.unique(confidence, return_inverse=True)
    return OfKinds(2 * level + is_positive, 2 * len(levels), _won)


def _won(counts: np.ndarray) -> np.ndarray:
    """The share of pairs won for each draw: float64 of shape [draws], NaN where there is no pair."""
    import numpy as np

    others, positives = counts[:, ::2], counts[:, 1::2]
    below = np.cumsum(others, axis=1) - others
    won = (positives * (below + others / 2)).sum(axis=1)
    pairs = positives.sum(axis=1) * others.sum(axis=1)
    found: np.ndarray = np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    import numpy as np

    form = resampled(batch, settings)
    return float(_won(np.bincount(form.rows, minlength=form.kinds)[None, :].astype(np.float64))[0])


AUROC = Metric(
    name="auroc",
    summary="how well confidence tells positive rows from the others: area under the ROC curve",
    unread="loses every pair it is in",
    signature=Signature(
        pred=C, gold=C, yields=FRACTION, grain="whole set", empty=None, needs=frozenset({"confidence"})
    ),
    compute=compute,
    resampled=resampled,
    settings=(POSITIVE,),
)
