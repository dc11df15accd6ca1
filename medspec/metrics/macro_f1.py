"""Macro F1: the mean over classes of F1, every class that occurs in golds or answers counting the same.

An unread row is a miss of its gold class. "Unread" is no class of its own in the mean.
A class that occurs and is never answered correctly has an F1 of 0.

Opitz and Burst, arXiv 1911.03347 (2019), where this is the averaged F1: the mean of F1s, and not the F1 of mean precision and
mean recall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfKinds
from medspec.metrics.tables import Cells, ratio, resampled_of, value_of

if TYPE_CHECKING:
    import numpy as np

E = Variable("E", "closed")


def macro_f1(cells: Cells, drawn: np.ndarray) -> np.ndarray:
    """Macro F1 of each draw: the mean over the classes that occur in it. Never empty: every row has a gold class."""
    hits, golds, answers = cells.per_class(drawn)
    # Whole counts from torchmetrics, the division in 64 bits: its own F1 is a 32-bit float.
    occurs = golds + answers > 0
    found: np.ndarray = ratio(2 * hits, golds + answers, 0.0).sum(axis=1) / occurs.sum(axis=1)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    return value_of(batch, macro_f1)


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    return resampled_of(batch, macro_f1)


MACRO_F1 = Metric(
    name="macro_f1",
    summary="mean of F1 over the classes that occur in golds or answers",
    unread="a miss of its gold class; a false alarm of none",
    signature=Signature(pred=E, gold=E, yields=FRACTION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
)
