"""Scores of one task: every metric over its rows, with an interval, and the values of single rows.

An unread answer either stays a row like any other (`worst`: each metric counts it as wrong) or leaves the denominator
(`skip`). Where no row is left, a score is None; NaN and the infinities never reach a report.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.errors import InternalError
from medspec.metrics import find_metric
from medspec.metrics.abstained import seen_batch
from medspec.metrics.base import Batch, Metric
from medspec.metrics.batch import UNSCORED
from medspec.metrics.resample import Resampled, mean_of_values, spread_over
from medspec.metrics.selection import select_batch, values_batch
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.nodes import Interval, Score
from medspec.readers.base import Unread
from medspec.run.intervals import Bounds, interval_of, interval_of_mean

if TYPE_CHECKING:
    import numpy as np


@attrs.frozen
class TaskScores:
    """What a task scored, by label.

    `metrics` is plain JSON: `value`, `low`, `high` (numbers or None), `rows` (how many were counted) and `interval`
    (`wilson`, `bootstrap` or None). `per_row` holds, for metrics of grain `per row`, a float64 array with one value for
    every row of the batch, NaN where the row was skipped. `drawn` holds, for every metric that can be bootstrapped, what is
    needed for that, over all rows of the batch: once, or for rows that are answered several times once for each draw.
    """

    metrics: dict[str, dict[str, Any]]
    per_row: dict[str, np.ndarray]
    drawn: dict[str, tuple[Resampled, ...]] = attrs.field(factory=dict)


def score_task(
    scores: tuple[Score, ...],
    batch: Batch,
    interval: Interval,
    *,
    unread_policy: str,
    clusters: np.ndarray | None = None,
) -> TaskScores:
    """Compute `scores` over `batch`; `unread_policy` is `worst` or `skip`.

    `clusters` (int64 of shape [rows], from 0 without gaps) says which rows belong together in the intervals.
    """
    import numpy as np

    if unread_policy not in ("worst", "skip"):
        raise InternalError(f"unknown policy for unread answers: {unread_policy!r}")
    counted = np.ones(len(batch), dtype=bool)
    if unread_policy == "skip":
        counted = np.fromiter((not isinstance(answer, Unread) for answer in batch.answers), bool, len(batch))
        if not counted.all():
            batch = rows_of(batch, counted.nonzero()[0].tolist())
            clusters = clusters_of(clusters, counted.nonzero()[0])
    places = counted.nonzero()[0]
    metrics: dict[str, dict[str, Any]] = {}
    per_row: dict[str, np.ndarray] = {}
    drawn: dict[str, tuple[Resampled, ...]] = {}
    for score in scores:
        metric = metric_of(score)
        seen, kept, together = seen_by(score, batch), places, clusters
        if isinstance(score.value, VerdictValue):
            scored = [index for index, value in enumerate(seen.answers) if value is not UNSCORED]
            seen, kept, together = rows_of(seen, scored), places[scored], clusters_of(clusters, scored)
        rows = metric.row_values(seen, dict(score.settings))
        if rows is not None:
            per_row[score.label] = _spread(rows, kept, len(counted))
        form = _drawn(metric, seen, dict(score.settings), rows)
        if form is not None:
            drawn[score.label] = (spread_over(form, kept, len(counted)),)
        metrics[score.label] = _one_score(metric, seen, score, interval, rows, form, together)
    return TaskScores(metrics, per_row, drawn)


def metric_of(score: Score) -> Metric:
    """The member of the catalogue that a plan asks for."""
    metric = find_metric(score.metric)
    if metric is None:
        raise InternalError(f"the plan asks for a metric that does not exist: {score.metric!r}")
    return metric


def seen_by(score: Score, batch: Batch) -> Batch:
    """The batch as a metric sees it: a field of both sides, or one value per row; abstentions as it counts them."""
    if isinstance(score.value, VerdictValue):
        if batch.judged is None or score.label not in batch.judged:
            raise InternalError(f"a judge is needed for {score.label}, and none has been asked")
        type_, values = batch.judged[score.label]
        return Batch(type_, values, [None] * len(values))
    seen = select_batch(batch, score.on) if score.value is None else values_batch(batch, score.value.path)
    if score.fields:
        seen = attrs.evolve(seen, fields={setting: batch.fields[field] for setting, field in score.fields})
    return seen_batch(metric_of(score).signature, seen)


def fields_of(scores: Iterable[Score], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of the fields that metrics look at beside gold, row by row: `Batch.fields`."""
    names = {field for score in scores for _, field in score.fields}
    return {name: [row[name] for row in rows] for name in sorted(names)}


def rows_of(batch: Batch, indexes: list[int]) -> Batch:
    """The rows of `batch` at `indexes`."""
    confidence, judged = batch.confidence, batch.judged
    return attrs.evolve(
        batch,
        answers=[batch.answers[index] for index in indexes],
        golds=[batch.golds[index] for index in indexes],
        confidence=None if confidence is None else [confidence[index] for index in indexes],
        fields={name: [values[index] for index in indexes] for name, values in batch.fields.items()},
        judged=None if judged is None else {k: (t, [v[index] for index in indexes]) for k, (t, v) in judged.items()},
    )


def clusters_of(clusters: np.ndarray | None, indexes: Any) -> np.ndarray | None:
    """The clusters of the rows at `indexes`, numbered anew."""
    import numpy as np

    if clusters is None:
        return None
    numbers: np.ndarray = np.unique(clusters[indexes], return_inverse=True)[1]
    return numbers


def _spread(values: np.ndarray, places: np.ndarray, rows: int) -> np.ndarray:
    """`values` at `places`, which increase, of `rows`; NaN elsewhere."""
    import numpy as np

    if len(places) == rows:
        return values
    found = np.full(rows, np.nan)
    found[places] = values
    return found


def _drawn(metric: Metric, batch: Batch, settings: dict[str, Any], rows: np.ndarray | None) -> Resampled | None:
    if rows is not None:
        return mean_of_values(rows)
    return metric.resampled(batch, settings) if metric.resampled is not None and len(batch) else None


def _one_score(
    metric: Metric,
    batch: Batch,
    score: Score,
    interval: Interval,
    rows: np.ndarray | None,
    form: Resampled | None,
    clusters: np.ndarray | None,
) -> dict[str, Any]:
    settings = dict(score.settings)
    value: float | None = None
    bounds: Bounds | None = None
    if len(batch):
        value = metric.compute(batch, settings)
        if rows is not None:
            bounds = interval_of_mean(rows, interval, clusters=clusters)
        elif form is not None:
            bounds = interval_of(form, interval, clusters=clusters)
    return {
        "value": _finite(value),
        "low": _finite(bounds.low) if bounds else None,
        "high": _finite(bounds.high) if bounds else None,
        "rows": len(batch),
        "interval": bounds.method if bounds else None,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
