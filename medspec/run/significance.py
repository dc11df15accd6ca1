"""Tests of differences, and how large a difference a sample can show. Plain numbers in and out.

>>> round(mcnemar(3, 12), 6)
0.035156
>>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
[0.03, 0.06, 0.06]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

POWER = 0.8
"""How often a difference is to be found that is there, unless said otherwise."""


def mcnemar(only_one: int, only_other: int) -> float:
    """The exact two-sided p of McNemar's test: rows that only one, and only the other, has right."""
    rows, least = only_one + only_other, min(only_one, only_other)
    if not rows:
        return 1.0
    logs = [
        math.lgamma(rows + 1) - math.lgamma(k + 1) - math.lgamma(rows - k + 1) - rows * math.log(2)
        for k in range(least + 1)
    ]
    top = max(logs)
    return min(1.0, 2 * math.exp(top) * math.fsum(math.exp(log - top) for log in logs))


def bootstrap_p(differences: np.ndarray) -> float:
    """The two-sided p of a difference, from bootstrap values of it (without NaN): how often they cross zero.

    One more is counted in each direction, so that it is never 0. Davison & Hinkley, Bootstrap Methods (1997), section 4.4.
    """
    below, above = int((differences <= 0).sum()), int((differences >= 0).sum())
    return min(1.0, 2 * (min(below, above) + 1) / (len(differences) + 1))


def holm(values: Sequence[float]) -> list[float]:
    """p values corrected for how many there are. Holm, Scand. J. Statist. 6 (1979) 65-70."""
    corrected = [1.0] * len(values)
    least = 0.0
    for place, index in enumerate(sorted(range(len(values)), key=lambda index: values[index])):
        least = max(least, min(1.0, (len(values) - place) * values[index]))
        corrected[index] = least
    return corrected


def smallest_difference(error: float, level: float, power: float = POWER) -> float:
    """The smallest true difference that is found with the probability `power`, with a two-sided test at 1 - `level`.

    `error` is the standard error of the difference.
    """
    normal = NormalDist()
    return (normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)) * error
