"""Rubric points: what the criteria that are met are worth, over what could be had; criteria may cost points.

    rubric_points(meets(question, answer, item.text) for item in gold.items, points: item.points)

    of a row    the points of all criteria that are met / the sum of the positive points
    of a set    the mean over rows, brought to between 0 and 1 (a row alone may lie below 0)

A row without positive points has no score and is left out. A criterion whose judge says `on_malformed = worst` and gives no
verdict counts against the row: missed where it earns points, met where it costs some. An unread row is worth 0.

This is how HealthBench scores (Arora et al. 2025, section 3): the mean is clipped, not the rows, and so is every resampled mean.
torchmetrics has nothing of the kind; the tests compute the published form by hand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.entries import entries_of
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfSums

if TYPE_CHECKING:
    import numpy as np

B = Variable("B", "yes or no")


def _rows(batch: Batch) -> np.ndarray:
    """Score of each row, and whether it has one: float64 of shape [rows, 2]."""
    import numpy as np

    found = np.zeros((len(batch), 2))
    for place, answer in enumerate(batch.answers):
        if isinstance(answer, Unread):
            found[place] = 0, 1
            continue
        entries = entries_of(answer)
        most = math.fsum(points for _, points in entries if points > 0)
        if most > 0:
            found[place] = math.fsum(met * points for met, points in entries) / most, 1
    return found


def _value(sums: np.ndarray) -> np.ndarray:
    import numpy as np

    total, rows = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = np.clip(np.where(rows == 0, np.nan, total / rows), 0.0, 1.0)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_rows(batch).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_rows(batch), _value)


RUBRIC_POINTS = Metric(
    name="rubric_points",
    summary="points of the criteria that are met, over the points that could be had",
    unread="worth 0",
    signature=Signature(value=B, yields=FRACTION, grain="whole set", empty=None),
    compute=compute,
    resampled=resampled,
    entries="all",
)
