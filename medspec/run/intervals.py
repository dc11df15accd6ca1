"""Confidence intervals of a score: Wilson for proportions, the percentile bootstrap for everything else.

Rows are what is resampled, or clusters of rows where rows share a source. Every function is deterministic by the seed of its
`Interval`, takes its values at once, and gives None where there are no rows.

    >>> low, high = wilson(8, 10, 0.95)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import attrs

from medspec.metrics.resample import Resampled, draw, mean_of_values
from medspec.plan.nodes import Interval
from medspec.run.student import student_quantile

if TYPE_CHECKING:
    import numpy as np


@attrs.frozen
class Bounds:
    """The ends of an interval, and how it was found: `wilson` or `bootstrap`."""

    low: float
    high: float
    method: str


def interval_of_mean(values: np.ndarray, interval: Interval, *, clusters: np.ndarray | None = None) -> Bounds | None:
    """The interval of the mean of `values` (shape [rows], finite).

    With the method `wilson`, values that are all 0 or 1 are a proportion; others, and the method `bootstrap`, are
    bootstrapped. `clusters` (int64 of shape [rows], from 0 without gaps) says which rows belong together.
    """
    if not len(values):
        return None
    if interval.method == "wilson" and bool(((values == 0) | (values == 1)).all()):
        if clusters is not None:
            return wilson_of_clusters(values, clusters, interval.level)
        return Bounds(*wilson(int(values.sum()), len(values), interval.level), "wilson")
    return interval_of(mean_of_values(values), interval, clusters=clusters)


def interval_of(form: Resampled, interval: Interval, *, clusters: np.ndarray | None = None) -> Bounds | None:
    """The bootstrap interval of a metric. Draws in which it is not defined (no positive row for AUROC) are left out."""
    return bounds_of(draw([form], interval.resamples, interval.seed, clusters=clusters)[0], interval.level)


def bounds_of(values: np.ndarray, level: float) -> Bounds | None:
    """The interval that bootstrap values make; None where none of them is a number."""
    import numpy as np

    values = values[~np.isnan(values)]
    return Bounds(*percentiles(values, level), "bootstrap") if len(values) else None


def wilson(successes: float, rows: float, level: float) -> tuple[float, float]:
    """The Wilson score interval of `successes` out of `rows` (more than 0), within 0 and 1."""
    share = successes / rows
    z = NormalDist().inv_cdf((1 + level) / 2)
    shrink = 1 + z * z / rows
    centre = (share + z * z / (2 * rows)) / shrink
    half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows)) / shrink
    # Exactly 0 and 1 at the ends, where rounding would leave a residue on either side.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == rows else min(1.0, centre + half)
    return low, high


def wilson_of_clusters(values: np.ndarray, clusters: np.ndarray, level: float) -> Bounds | None:
    """The Wilson interval of a proportion over rows that belong to clusters; None for a single cluster.

    As many independent rows are put into it as would have the variance between the clusters, at most as many as there are
    rows; where all rows are alike, one for each cluster. For few clusters it is widened as Student's t is against the normal
    distribution. Korn & Graubard, Survey Methodology 24 (1998) 193-201; Dean & Pagano, J. Surv. Stat. Methodol. 3 (2015)
    484-503.
    """
    count = int(clusters.max()) + 1
    if count < 2:
        return None
    share = float(values.mean())
    variance = clustered_variance(values, clusters)
    if share in (0.0, 1.0):
        worth = float(count)
    else:
        worth = min(float(len(values)), share * (1 - share) / variance) if variance > 0 else float(len(values))
    z, t = NormalDist().inv_cdf((1 + level) / 2), student_quantile((1 + level) / 2, count - 1)
    worth *= (z / t) ** 2
    return Bounds(*wilson(share * worth, worth, level), "wilson")


def clustered_variance(values: np.ndarray, clusters: np.ndarray | None) -> float:
    """The variance of the mean of `values`, from how far whole clusters are off; without clusters every row is one.

    The sandwich estimate with the factor G / (G - 1) for G clusters; NaN for a single one.
    """
    import numpy as np

    off = values - values.mean()
    if clusters is not None:
        off = np.bincount(clusters, weights=off)
    count = len(off)
    return float(count / (count - 1) * (off @ off)) / len(values) ** 2 if count > 1 else math.nan


def bootstrap_means(values: np.ndarray, interval: Interval, *, clusters: np.ndarray | None = None) -> np.ndarray:
    """Means of `interval.resamples` samples of all rows with replacement: float64 of shape [resamples]."""
    return draw([mean_of_values(values)], interval.resamples, interval.seed, clusters=clusters)[0]


def percentiles(values: np.ndarray, level: float) -> tuple[float, float]:
    """The ends of the middle `level` of `values`."""
    import numpy as np

    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
