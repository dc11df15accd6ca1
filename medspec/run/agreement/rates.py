"""What a judge's rate says of the true one: two corrections, each with an interval that carries both errors.

    rogan_gladen    t = (p + sp - 1) / (se + sp - 1)        from how often the judge errs on what people judged
    predicted       mean of the judge over all, plus the mean error on what people judged (prediction-powered)

The first needs a judge better than chance (se + sp > 1), and assumes that it errs on scored rows as it does on judged ones.
The second assumes that the rows people judged are a random part of the rows that are scored, and nothing of the judge: a
poor judge widens the interval and moves nothing.

Rogan and Gladen, American Journal of Epidemiology 107 (1978) 71-76. Angelopoulos et al., Science 382 (2023) 669-674, with the
weight of "PPI++" (2023), section 6: the weight that makes the variance smallest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, variance

import attrs


@attrs.frozen
class Rate:
    """A corrected rate with its interval. `clipped` says that it lay outside of 0 and 1; `weight` is that of the judge."""

    value: float
    low: float
    high: float
    clipped: bool = False
    weight: float | None = None


def rogan_gladen(
    said: int, rows: int, *, hits: int, positives: int, passes: int, negatives: int, level: float
) -> Rate | None:
    """The true rate behind `said` of `rows` yes, with a judge that found `hits` of `positives` and passed `passes` of `negatives`.

    None where there is nothing to correct by: no rows, no positives or no negatives, or a judge no better than chance.
    """
    if not rows or not positives or not negatives:
        return None
    p, se, sp = said / rows, hits / positives, passes / negatives
    gain = se + sp - 1
    if gain <= 0:
        return None
    raw = (p + sp - 1) / gain
    spread = p * (1 - p) / rows + raw**2 * se * (1 - se) / positives + (1 - raw) ** 2 * sp * (1 - sp) / negatives
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(spread) / gain
    return _rate(raw, half)


def predicted(
    labels: Sequence[float], beside: Sequence[float], alone: Sequence[float], *, level: float, tuned: bool = True
) -> Rate | None:
    """The mean that people would give to all rows, from `labels`, the judge's values `beside` them, and its values `alone`.

    With `tuned` the judge gets the weight that makes the interval smallest (0: it is of no use), else 1. None with fewer
    than two labels or no further rows.
    """
    n, rest = len(labels), len(alone)
    if n < 2 or rest < 2:
        return None
    weight = _weight(labels, beside, alone) if tuned else 1.0
    errors = [label - weight * said for label, said in zip(labels, beside, strict=True)]
    value = weight * fmean(alone) + fmean(errors)
    spread = weight**2 * _variance(alone) / rest + _variance(errors) / n
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(spread)
    return attrs.evolve(
        _rate(value, half, ends=(min(labels), max(labels)) if set(labels) - {0.0, 1.0} else (0, 1)), weight=weight
    )


def _weight(labels: Sequence[float], beside: Sequence[float], alone: Sequence[float]) -> float:
    """cov(label, judge) / ((1 + n / N) var(judge)), between 0 and 1."""
    n, rest = len(labels), len(alone)
    middle, mean = fmean(labels), fmean(beside)
    together = math.fsum((y - middle) * (f - mean) for y, f in zip(labels, beside, strict=True)) / n
    spread = _variance([*beside, *alone])
    return 0.0 if spread == 0 else min(1.0, max(0.0, together / ((1 + n / rest) * spread)))


def _variance(values: Sequence[float]) -> float:
    return variance(values) * (len(values) - 1) / len(values)


def _rate(value: float, half: float, ends: tuple[float, float] = (0, 1)) -> Rate:
    low, high = ends
    kept, lowest, highest = (min(high, max(low, number)) for number in (value, value - half, value + half))
    return Rate(kept, lowest, highest, clipped=kept != value)
