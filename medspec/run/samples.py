"""Scores of a task whose rows are answered several times.

Every draw is scored as a run of its own; the value of a metric is the mean over the draws. Rows, not draws, are what the
interval is about: draws of one row are averaged first, and a drawn row counts with all its draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.metrics.base import Batch
from medspec.metrics.resample import draw
from medspec.plan.nodes import Interval, Score
from medspec.run.intervals import bounds_of, interval_of_mean
from medspec.run.pass_at import pass_at
from medspec.run.score import TaskScores, clusters_of, score_task

if TYPE_CHECKING:
    import numpy as np


def score_samples(
    scores: tuple[Score, ...],
    batches: Sequence[Batch],
    interval: Interval,
    *,
    unread_policy: str,
    clusters: np.ndarray | None = None,
) -> TaskScores:
    """The scores over all draws; `batches` holds one batch per draw, with the rows in the same order.

    Besides what `score_task` gives, `pass_at` and `worst_at` hold the best and the worst of k draws, `samples` holds the value
    of each draw and `spread` their standard deviation.
    """
    if len(batches) == 1:
        return score_task(scores, batches[0], interval, unread_policy=unread_policy, clusters=clusters)
    import numpy as np

    drawn = [score_task(scores, batch, interval, unread_policy=unread_policy, clusters=clusters) for batch in batches]
    labels = [label for label in drawn[0].drawn if all(label in one.drawn for one in drawn)]
    forms = {label: tuple(one.drawn[label][0] for one in drawn) for label in labels}
    metrics = {}
    for score in scores:
        values = [one.metrics[score.label]["value"] for one in drawn]
        known = [value for value in values if value is not None]
        mean = math.fsum(known) / len(known) if known else None
        bounds, tried = None, {}
        if score.label in drawn[0].per_row:
            draws = np.stack([one.per_row[score.label] for one in drawn])
            tried = pass_at(draws, interval, higher_is_better=score.higher_is_better, clusters=clusters)
            counted = ~np.isnan(draws)
            kept = counted.any(axis=0)
            rows = np.where(counted, draws, 0.0).sum(axis=0)[kept] / counted.sum(axis=0)[kept]
            bounds = interval_of_mean(rows, interval, clusters=clusters_of(clusters, kept.nonzero()[0]))
        elif score.label in forms:
            found = np.mean(draw(forms[score.label], interval.resamples, interval.seed, clusters=clusters), axis=0)
            bounds = bounds_of(found, interval.level)
        metrics[score.label] = {
            "value": mean,
            "low": bounds.low if bounds else None,
            "high": bounds.high if bounds else None,
            "rows": len(batches[0]),
            "interval": bounds.method if bounds else None,
            **tried,
            "samples": values,
            "spread": float(np.std(known, ddof=1)) if len(known) > 1 else None,
        }
    per_row = {label: np.concatenate([one.per_row[label] for one in drawn]) for label in drawn[0].per_row}
    return TaskScores(metrics, per_row, forms)
