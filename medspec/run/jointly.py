"""Scores of several tasks drawn together: tasks over the same rows, or over rows of the same clusters, share their draws.

Rows are the same where they come from the same files and have the same ids. Tasks that share nothing are drawn apart, so
that an aggregate over them is stratified: each keeps as many rows as it has.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import attrs

from medspec.metrics.resample import Resampled, draw, per_cluster
from medspec.plan.nodes import Interval, Scan
from medspec.run.scan import Rows
from medspec.run.values import value_at

if TYPE_CHECKING:
    import numpy as np


@attrs.frozen(eq=False)
class Clusters:
    """Which rows belong together: `codes` int64 of shape [rows] into `names`; `source` says what the names are names of."""

    source: str
    names: tuple[Hashable, ...]
    codes: np.ndarray


@attrs.frozen(eq=False)
class Drawn:
    """One score, ready for the bootstrap: which rows it is over, and one form for each draw of replies."""

    rows: str
    clusters: Clusters | None
    forms: tuple[Resampled, ...]

    @property
    def stratum(self) -> str:
        """Scores of one stratum are drawn together."""
        return self.rows if self.clusters is None else self.clusters.source


def cluster_rows(scan: Scan, rows: Rows) -> Clusters | None:
    """The clusters of the rows of a scan; a row without a value is a cluster of its own. None where none are declared."""
    import numpy as np

    if scan.cluster is None:
        return None
    numbers: dict[Hashable, int] = {}
    codes = np.empty(len(rows.rows), np.int64)
    for place, (id, row) in enumerate(zip(rows.ids, rows.rows, strict=True)):
        value = value_at(row, scan.cluster)
        name = (rows_key(rows), id) if value is None else value
        codes[place] = numbers.setdefault(name, len(numbers))
    return Clusters(f"{scan.dataset} {scan.cluster}", tuple(numbers), codes)


def rows_key(rows: Rows) -> str:
    """Equal for equal rows: the same file, and of it the same ones."""
    return sha256("\n".join([rows.digest, *rows.ids]).encode("utf-8", "surrogatepass")).hexdigest()


def replicates(scores: Mapping[str, Drawn], interval: Interval) -> dict[str, np.ndarray]:
    """Bootstrap values of each score, float64 of shape [resamples], those of one stratum drawn together."""
    import numpy as np

    strata: dict[str, list[str]] = {}
    for name, score in scores.items():
        strata.setdefault(score.stratum, []).append(name)
    found: dict[str, np.ndarray] = {}
    for number, names in enumerate(strata.values()):
        forms = [form for name in names for form in _of_units([scores[name] for name in names], scores[name])]
        # Each stratum has a seed of its own, or two of equal size would be drawn alike.
        values = iter(draw(forms, interval.resamples, interval.seed + number))
        for name in names:
            found[name] = np.mean([next(values) for _ in scores[name].forms], axis=0)
    return found


def _of_units(together: Sequence[Drawn], score: Drawn) -> list[Resampled]:
    """The forms of a score over what its stratum draws: its rows, or all clusters of the stratum."""
    import numpy as np

    if score.clusters is None:
        return list(score.forms)
    numbers: dict[Hashable, int] = {}
    for other in together:
        assert other.clusters is not None
        for name in other.clusters.names:
            numbers.setdefault(name, len(numbers))
    codes = np.array([numbers[name] for name in score.clusters.names], np.int64)[score.clusters.codes]
    return [per_cluster(form, codes, len(numbers)) for form in score.forms]
