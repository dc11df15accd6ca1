"""Between which values a score would lie whatever the unread replies had said: all of them wrong, and all of them right.

Wrong is what the metric itself takes an unread row for. Right is its gold; of a metric of one value per row, the best value there
is. Metrics that look at confidence have no such bounds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from medspec.metrics.base import Batch, Metric
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.nodes import Score
from medspec.readers.base import Unread
from medspec.run.score import metric_of, seen_by
from medspec.types import OptionalType


def unread_bounds(score: Score, batches: Sequence[Batch]) -> list[float] | None:
    """The value with all unread rows wrong and with all of them right, the mean over draws; None where it cannot be known."""
    metric = metric_of(score)
    if "confidence" in metric.signature.needs or isinstance(score.value, VerdictValue):
        return None
    pairs = [_of_batch(metric, score, batch) for batch in batches if len(batch)]
    if not pairs or any(pair is None for pair in pairs):
        return None
    ends = [math.fsum(pair[end] for pair in pairs if pair is not None) / len(pairs) for end in range(2)]
    return ends if all(math.isfinite(end) for end in ends) else None


def _of_batch(metric: Metric, score: Score, batch: Batch) -> tuple[float, float] | None:
    settings = dict(score.settings)
    wrong = metric.compute(seen_by(score, batch), settings)
    if not batch.unread.any():
        return wrong, wrong
    if metric.signature.gold is None:
        rows = metric.row_values(seen_by(score, batch), settings)
        best = score.high if score.higher_is_better else score.low
        if rows is None or best is None:
            return None
        rows[batch.unread] = best
        return wrong, float(rows.mean())
    if batch.gold_type not in (None, batch.type) and OptionalType(batch.gold_type) != batch.type:
        return None
    answers = [
        gold if isinstance(answer, Unread) else answer for answer, gold in zip(batch.answers, batch.golds, strict=True)
    ]
    return wrong, metric.compute(seen_by(score, attrs.evolve(batch, answers=answers)), settings)
