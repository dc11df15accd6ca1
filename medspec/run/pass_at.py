"""Rows that are answered several times: the best and the worst of k answers, estimated without bias from all n.

    the best of k     pass-at-k, where rows are right or wrong: right at least once in k tries
    the worst of k    right every time in k tries

Every choice of k of the n draws is as likely as any other, so the expected best is a weighted sum of the sorted values; for right
and wrong it is 1 - C(n - c, k) / C(n, k) with c right ones. Chen et al., arXiv 2107.03374 (2021), section 2.1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medspec.plan.nodes import Interval
from medspec.run.intervals import interval_of_mean
from medspec.run.score import clusters_of

if TYPE_CHECKING:
    import numpy as np


def tries(draws: int) -> list[int]:
    """The numbers of tries that are reported of so many draws: 1, 2, 4, ... and all of them."""
    return sorted({2**power for power in range(draws.bit_length()) if 2**power <= draws} | {draws})


def at_k(values: np.ndarray, k: int, *, best: bool) -> np.ndarray:
    """The expected largest (`best`) or smallest of k of the draws of each row: float64 of shape [rows].

    `values` has the shape [draws, rows]; k is from 1 to the number of draws.
    """
    import numpy as np

    draws = len(values)
    weights = np.array([math.comb(place, k - 1) / math.comb(draws, k) for place in range(draws)])
    ranked = np.sort(values, axis=0)
    found: np.ndarray = (weights if best else weights[::-1]) @ ranked
    return found


def pass_at(
    values: np.ndarray, interval: Interval, *, higher_is_better: bool, clusters: np.ndarray | None
) -> dict[str, dict[str, dict[str, Any]]]:
    """`pass_at` and `worst_at` of a metric by number of tries, each with an interval over rows.

    `values` has the shape [draws, rows]; rows of which a draw was skipped (NaN) are left out.
    """
    import numpy as np

    kept = np.flatnonzero(~np.isnan(values).any(axis=0))
    if not len(kept):
        return {"pass_at": {}, "worst_at": {}}
    groups, whole = clusters_of(clusters, kept), values[:, kept]
    found: dict[str, dict[str, dict[str, Any]]] = {"pass_at": {}, "worst_at": {}}
    for k in tries(len(values)):
        for name, best in (("pass_at", higher_is_better), ("worst_at", not higher_is_better)):
            rows = at_k(whole, k, best=best)
            bounds = interval_of_mean(rows, interval, clusters=groups)
            found[name][str(k)] = {
                "value": float(rows.mean()),
                "low": None if bounds is None else bounds.low,
                "high": None if bounds is None else bounds.high,
            }
    return found
