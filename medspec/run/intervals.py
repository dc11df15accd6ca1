"""Confidence intervals of a score: Wilson for proportions, the percentile bootstrap for everything else.

Rows are what is resampled. Every function is deterministic by the seed of its `Interval`, takes its values at once, and
gives None where there are no rows. Nothing here is corrected for rows that share a source.

    >>> low, high = wilson(8, 10, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import attrs

from medspec.metrics.base import Batch, Metric
from medspec.plan.nodes import Interval

if TYPE_CHECKING:
    import numpy as np

_DRAWS_AT_ONCE = 4_000_000
"""How many drawn rows are held at a time: about 64 MB."""

_FEW = 1000
"""Up to so many distinct values, how often each is drawn is drawn, not which rows."""


@attrs.frozen
class Bounds:
    """The ends of an interval, and how it was found: `wilson` or `bootstrap`."""

    low: float
    high: float
    method: str


def interval_of_mean(values: np.ndarray, interval: Interval) -> Bounds | None:
    """The interval of the mean of `values` (shape [rows], finite).

    With the method `wilson`, values that are all 0 or 1 are a proportion; others, and the method `bootstrap`, are
    bootstrapped.
    """
    if not len(values):
        return None
    if interval.method == "wilson" and bool(((values == 0) | (values == 1)).all()):
        return Bounds(*wilson(int(values.sum()), len(values), interval.level), "wilson")
    return Bounds(*percentiles(bootstrap_means(values, interval), interval.level), "bootstrap")


def interval_of_metric(metric: Metric, batch: Batch, settings: Mapping[str, Any], interval: Interval) -> Bounds | None:
    """The bootstrap interval of a metric that is no mean over rows; None when it offers no replicates either.

    Resampled batches in which the metric is not defined (no positive row for AUROC) are left out.
    """
    import numpy as np

    if not len(batch) or metric.replicates is None:
        return None
    values = metric.replicates(batch, settings, interval.resamples, np.random.default_rng(interval.seed))
    values = values[~np.isnan(values)]
    return Bounds(*percentiles(values, interval.level), "bootstrap") if len(values) else None


def wilson(successes: int, rows: int, level: float) -> tuple[float, float]:
    """The Wilson score interval of `successes` out of `rows` (at least 1), within 0 and 1."""
    share = successes / rows
    z = NormalDist().inv_cdf((1 + level) / 2)
    shrink = 1 + z * z / rows
    centre = (share + z * z / (2 * rows)) / shrink
    half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / shrink
    # Exactly 0 and 1 at the ends, where rounding would leave a residue on either side.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == rows else min(1.0, centre + half)
    return low, high


def bootstrap_means(values: np.ndarray, interval: Interval) -> np.ndarray:
    """Means of `interval.resamples` samples of all rows with replacement: float64 of shape [resamples].

    Rows of equal value are alike. Where values are few, the number of times each is drawn is multinomial, which takes
    no time per row; otherwise rows are drawn in chunks of bounded size.
    """
    import numpy as np

    generator = np.random.default_rng(interval.seed)
    values = np.asarray(values, dtype=np.float64)
    rows = len(values)
    distinct, counts = np.unique(values, return_counts=True)
    few = len(distinct) <= min(_FEW, rows // 2)
    chunk = max(1, _DRAWS_AT_ONCE // (len(distinct) if few else rows))
    means = np.empty(interval.resamples)
    for start in range(0, interval.resamples, chunk):
        size = min(chunk, interval.resamples - start)
        if few:
            means[start : start + size] = generator.multinomial(rows, counts / rows, size=size) @ distinct / rows
        else:
            means[start : start + size] = values[generator.integers(0, rows, size=(size, rows))].mean(axis=1)
    return means


def percentiles(values: np.ndarray, level: float) -> tuple[float, float]:
    """The ends of the middle `level` of `values`."""
    import numpy as np

    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
