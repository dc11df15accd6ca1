"""Worst: the worst number of any row, for what must not happen even once.

    worst(answer)    the lowest number, or with `better: lower` the highest

An unread row counts as the worst number of its type, so one of them decides the value.

It is the first or the last order statistic of the rows: David and Nagaraja, Order Statistics, third edition, 2003. The worst of
several tries at one row is another number, `worst_at` in the report.
"""

from __future__ import annotations

from medspec.metrics.base import Batch, Metric, SameRange, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfKinds
from medspec.metrics.worth import BETTER, UNREAD, worst_of, worths

S = Variable("S", "value")


def compute(batch: Batch, settings: Settings) -> float:
    found = worths(batch, settings)
    return float(found.min() if settings["better"] == "higher" else found.max())


def resampled(batch: Batch, settings: Settings) -> OfKinds:
    """Equal numbers are one kind, the worst first; what a draw yields is its first kind."""
    import numpy as np

    turned = 1.0 if settings["better"] == "higher" else -1.0
    numbers, kinds = np.unique(turned * worths(batch, settings), return_inverse=True)
    return OfKinds(kinds, len(numbers), lambda drawn: turned * numbers[(drawn > 0).argmax(axis=1)])


WORST = Metric(
    name="worst",
    summary="the worst number of any row",
    unread=UNREAD,
    signature=Signature(value=S, yields=SameRange("S"), grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
    settings=(BETTER,),
    worst_of=worst_of,
    entries="worst",
)
