"""Agreement of scores that are measured and not labels: how far one number goes up where the other does.

    pearson    how near the pairs lie to a straight line
    spearman   how near their ranks do; ties share the mean of their ranks

Fractions, a ROUGE or an edit distance have no table: nearly every value is a class of its own. A pair without one of the two
numbers says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from medspec.plan.nodes import Interval

if TYPE_CHECKING:
    import numpy as np


def correlations(
    said: Sequence[float | None], gold: Sequence[float], clusters: Sequence[Hashable] | None, interval: Interval
) -> dict[str, dict[str, Any]]:
    """`value`, `low`, `high` for each correlation, from -1 to 1; None where one side does not vary.

    The bounds are those of the percentile bootstrap, by pair or by cluster.
    """
    import numpy as np

    kept = [place for place, one in enumerate(said) if one is not None]
    pairs = np.array([[said[place], gold[place]] for place in kept], dtype=float).reshape(-1, 2)
    names = [clusters[place] for place in kept] if clusters is not None else list(range(len(kept)))
    groups: dict[Hashable, list[int]] = {}
    for place, name in enumerate(names):
        groups.setdefault(name, []).append(place)
    parts = [np.array(places) for places in groups.values()]
    found = {}
    for name, statistic in (("pearson", _pearson), ("spearman", _spearman)):
        low, high = _bounds(pairs, parts, statistic, interval)
        found[name] = {"value": statistic(pairs), "low": low, "high": high}
    return found


def _pearson(pairs: np.ndarray) -> float | None:
    """Pearson's product-moment correlation of the two columns."""
    import numpy as np

    if len(pairs) < 2 or (pairs == pairs[0]).all(axis=0).any():
        return None
    off = pairs - pairs.mean(axis=0)
    return float((off[:, 0] * off[:, 1]).sum() / np.sqrt((off**2).sum(axis=0).prod()))


def _spearman(pairs: np.ndarray) -> float | None:
    """Pearson's correlation of the ranks (Spearman 1904)."""
    import numpy as np

    return _pearson(np.column_stack([_ranks(pairs[:, 0]), _ranks(pairs[:, 1])]))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0; equal values share the mean of theirs."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    ranks: np.ndarray = (ends - (counts + 1) / 2)[inverse]
    return ranks


def _bounds(
    pairs: np.ndarray,
    parts: Sequence[np.ndarray],
    statistic: Callable[[np.ndarray], float | None],
    interval: Interval,
) -> tuple[float | None, float | None]:
    import numpy as np

    from medspec.run.intervals import percentiles

    if not parts:
        return None, None
    generator = np.random.default_rng(interval.seed)
    drawn = generator.integers(len(parts), size=(interval.resamples, len(parts)))
    values = [statistic(pairs[np.concatenate([parts[index] for index in one])]) for one in drawn]
    found = np.array([value for value in values if value is not None])
    return percentiles(found, interval.level) if len(found) else (None, None)
