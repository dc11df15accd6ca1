"""Krippendorff's alpha: agreement of any number of raters, with gaps, on names, an order or a scale.

    alpha = 1 - observed disagreement / disagreement by chance

over all pairs of values that different raters gave to one unit. A unit that fewer than two rated says nothing. 1 is full
agreement, 0 chance; where every value is the same there is nothing to disagree about, and the value is not defined.

Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), the form with coincidences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.plan.nodes import Interval
from medspec.run.intervals import percentiles

if TYPE_CHECKING:
    import numpy as np

LEVELS = ("nominal", "ordinal", "interval")


@attrs.frozen(eq=False)
class Ratings:
    """`counts` is float64 of shape [units, values]: how many raters gave a unit each of `values`, which are in order."""

    values: tuple[Any, ...]
    counts: np.ndarray

    @classmethod
    def of(cls, units: Sequence[Sequence[Any]], *, values: Sequence[Any] | None = None) -> Ratings:
        """`units[u]` holds what each rater said of one unit; None where a rater said nothing."""
        import numpy as np

        said = {value for unit in units for value in unit if value is not None}
        names = tuple(values) if values is not None else tuple(sorted(said))
        number = {name: index for index, name in enumerate(names)}
        counts = np.zeros((len(units), len(names)))
        for place, unit in enumerate(units):
            for value in unit:
                if value is not None:
                    counts[place, number[value]] += 1
        return cls(names, counts[counts.sum(axis=1) > 1])

    def alpha(self, level: str) -> float | None:
        """Krippendorff's alpha at `nominal`, `ordinal` or `interval`; None where it is not defined."""
        found = self._alpha(self._coincidences().sum(axis=0), level)
        return found if found == found else None

    def interval(self, level: str, interval: Interval) -> tuple[float | None, float | None]:
        """The percentile bootstrap by unit; (None, None) where alpha is never defined."""
        import numpy as np

        units = len(self.counts)
        if not units:
            return None, None
        parts = self._coincidences()
        generator = np.random.default_rng(interval.seed)
        drawn = generator.multinomial(units, np.full(units, 1 / units), size=interval.resamples)
        found = np.array([self._alpha(np.tensordot(one, parts, axes=1), level) for one in drawn])
        found = found[~np.isnan(found)]
        return percentiles(found, interval.level) if len(found) else (None, None)

    def _coincidences(self) -> np.ndarray:
        """Of each unit: how often each pair of values occurs, over one less than its raters; [units, values, values]."""
        import numpy as np

        raters = self.counts.sum(axis=1)
        pairs = np.einsum("ui,uj->uij", self.counts, self.counts)
        pairs -= np.einsum("ui,ij->uij", self.counts, np.eye(len(self.values)))
        found: np.ndarray = pairs / (raters - 1)[:, None, None]
        return found

    def _alpha(self, coincidences: np.ndarray, level: str) -> float:
        shares = coincidences.sum(axis=0)
        total = shares.sum()
        cost = self._distances(shares, level)
        expected = float(shares @ cost @ shares)
        if expected == 0 or total <= 1:
            return float("nan")
        return float(1 - (total - 1) * float((coincidences * cost).sum()) / expected)

    def _distances(self, shares: np.ndarray, level: str) -> np.ndarray:
        """Squared differences of each pair of values at a level of measurement."""
        import numpy as np

        if level == "nominal":
            return 1.0 - np.eye(len(self.values))
        if level == "interval":
            places = np.asarray(self.values, dtype=float)
            return np.asarray(np.subtract.outer(places, places) ** 2)
        assert level == "ordinal", level
        middle = np.cumsum(shares) - shares / 2
        return np.asarray(np.subtract.outer(middle, middle) ** 2)
