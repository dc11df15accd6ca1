"""Worst: the worst number of any row, for what must not happen even once.

    worst(answer)    the lowest number, or with `better: lower` the highest

An unread row counts as the worst number of its type, so one of them decides the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import Batch, Metric, SameRange, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.worth import BETTER, UNREAD, worst_of, worths

if TYPE_CHECKING:
    import numpy as np

S = Variable("S", "value")


def compute(batch: Batch, settings: Settings) -> float:
    found = worths(batch, settings)
    return float(found.min() if settings["better"] == "higher" else found.max())


def replicates(batch: Batch, settings: Settings, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """The worst of drawn rows. Its place among the sorted rows is drawn at once: the least of as many places as rows."""
    import numpy as np

    ranked = np.sort(worths(batch, settings))
    if settings["better"] == "lower":
        ranked = ranked[::-1]
    # P(all places >= k) = (1 - k / rows) ** rows, turned round.
    places = len(ranked) * -np.expm1(np.log1p(-generator.random(resamples)) / len(ranked))
    return ranked[np.minimum(places.astype(np.int64), len(ranked) - 1)]


WORST = Metric(
    name="worst",
    summary="the worst number of any row",
    unread=UNREAD,
    signature=Signature(value=S, yields=SameRange("S"), grain="whole set", empty=None),
    compute=compute,
    replicates=replicates,
    settings=(BETTER,),
    worst_of=worst_of,
)
