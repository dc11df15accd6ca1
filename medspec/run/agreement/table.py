"""Two raters of the same things as a table of counts, with bootstrap intervals.

Statistics are functions of many tables at once, so a bootstrap draws tables and never touches a row:

    float64 of shape [..., gold class, said class + 1]  ->  float64 of shape [...]

The last column holds what could not be read: it agrees with no class. Where things share a source (the criteria of one
reply), whole clusters are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.metrics.resample import OfSums
from medspec.plan.nodes import Interval
from medspec.run.intervals import interval_of

if TYPE_CHECKING:
    import numpy as np

Statistic = Callable[["np.ndarray"], "np.ndarray"]
"""Tables of shape [..., classes, classes + 1] -> values of shape [...]; NaN where it is not defined."""


@attrs.frozen(eq=False)
class Table:
    """`classes` are the labels in order. `parts` is float64 of shape [clusters, classes, classes + 1]: one table each."""

    classes: tuple[Any, ...]
    parts: np.ndarray

    @classmethod
    def of(
        cls,
        said: Sequence[Any],
        gold: Sequence[Any],
        *,
        classes: Sequence[Any] | None = None,
        clusters: Sequence[Hashable] | None = None,
    ) -> Table:
        """What one rater said beside what the other did; None in `said` could not be read. At least one pair.

        `classes` are all labels in order (else those that occur, sorted), `clusters` the source of each pair.
        """
        import numpy as np

        names = tuple(classes) if classes is not None else tuple(_sorted({*gold, *(s for s in said if s is not None)}))
        number = {name: index for index, name in enumerate(names)}
        where = dict[Hashable, int]()
        keys = [where.setdefault(key, len(where)) for key in (range(len(gold)) if clusters is None else clusters)]
        parts = np.zeros((len(where), len(names), len(names) + 1))
        for key, one, other in zip(keys, said, gold, strict=True):
            parts[key, number[other], len(names) if one is None else number[one]] += 1
        return cls(names, parts)

    @classmethod
    def from_counts(cls, counts: Sequence[Sequence[int]], classes: Sequence[Any]) -> Table:
        """A published table: `counts[gold][said]`."""
        pairs = [
            (said, gold)
            for gold, row in zip(classes, counts, strict=True)
            for said, count in zip(classes, row, strict=True)
            for _ in range(count)
        ]
        return cls.of([one for one, _ in pairs], [other for _, other in pairs], classes=classes)

    @property
    def counts(self) -> np.ndarray:
        """float64 of shape [classes, classes + 1]."""
        found: np.ndarray = self.parts.sum(axis=0)
        return found

    def __len__(self) -> int:
        return int(self.counts.sum())

    def value(self, statistic: Statistic) -> float | None:
        """The statistic of the whole table; None where it is not defined."""
        found = float(statistic(self.counts))
        return found if found == found else None

    def interval(self, statistic: Statistic, interval: Interval) -> tuple[float | None, float | None]:
        """The percentile bootstrap by row, or by cluster; (None, None) where the statistic is never defined."""
        shape = self.parts.shape[1:]
        rows = self.parts.reshape(len(self.parts), -1)
        bounds = interval_of(OfSums(rows, lambda sums: statistic(sums.reshape(-1, *shape))), interval)
        return (None, None) if bounds is None else (bounds.low, bounds.high)


def _sorted(labels: set[Any]) -> list[Any]:
    """Labels in their order: numbers by size, everything else by its text."""
    numbers = all(isinstance(label, int | float) for label in labels)
    return sorted(labels) if numbers else sorted(labels, key=str)
