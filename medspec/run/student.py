"""Quantiles of Student's t distribution, which the standard library lacks.

>>> round(student_quantile(0.975, 9), 4)
2.2622
"""

from __future__ import annotations

import math
from statistics import NormalDist


def student_quantile(share: float, freedom: int) -> float:
    """The value below which `share` (0.5 to 1, without 1) of the distribution with `freedom` degrees lies, from 1 on.

    Right to about six digits. Hill, Communications of the ACM 13 (1970) 619, algorithm 396.
    """
    tails, n = 2 * (1 - share), freedom
    if n == 1:
        return 1 / math.tan(tails * math.pi / 2) if tails < 1 else 0.0
    if n == 2:
        return math.sqrt(2 / (tails * (2 - tails)) - 2)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * n
    y = (d * tails) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tails / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return math.sqrt(n * y)
