"""The smallest differences that the rows of a run can show: against a fixed figure, and against another model on the same rows.

Two models on the same rows are told apart the better the more they are right and wrong about the same rows. How much that is, one
run does not know; so three cases are given. The other model is taken to vary as much as this one.
"""

from __future__ import annotations

from typing import Any

import attrs

from medspec.metrics.resample import draw
from medspec.run.intervals import clustered_variance
from medspec.run.significance import smallest_difference
from medspec.run.stored import StoredRun, drawn_score, row_values

CORRELATIONS = (0.0, 0.5, 0.8)
"""How the values of two models over the same rows may go together."""


@attrs.frozen(kw_only=True)
class Power:
    """What a metric of a task can show: against `figure`, and against another model by how far the two go together."""

    task: str
    metric: str
    rows: int
    value: float | None
    error: float | None
    figure: float | None
    models: dict[float, float]


def power_of(run: StoredRun, *, power: float) -> list[Power]:
    """The primary metric of every task. `power` is how often a difference is to be found that is there."""
    found = []
    for name, task in run.report["tasks"].items():
        label = task["primary"]
        error, level = _error(run, name, label), run.plan.interval_of(run.plan.task(name)).level
        shown = None if error is None else smallest_difference(error, level, power)
        models = {} if shown is None else {r: shown * (2 * (1 - r)) ** 0.5 for r in CORRELATIONS}
        value: Any = task["metrics"][label]["value"]
        found.append(
            Power(task=name, metric=label, rows=task["rows"], value=value, error=error, figure=shown, models=models)
        )
    return found


def _error(run: StoredRun, task: str, label: str) -> float | None:
    """The standard error of a score; None where it cannot be known."""
    import numpy as np

    drawn = drawn_score(run, task, label)
    if drawn is None:
        return None
    values = row_values(run, task, label)
    codes = None if drawn.clusters is None else drawn.clusters.codes
    if values is not None and not np.isnan(values).any():
        variance = clustered_variance(values, codes)
        return float(variance**0.5) if variance > 0 else None
    interval = run.plan.interval
    again = np.mean(draw(drawn.forms, interval.resamples, interval.seed, clusters=codes), axis=0)
    return float(np.nanstd(again, ddof=1)) if np.isfinite(again).sum() > 1 else None
