"""What the metrics over entries share: the verdicts on every entry of a list, each with its points.

Where a judge is asked about every entry of a list, such a metric gets a tuple of (value, points) for each row. A single value
is one entry of one point. A mean of repeats counts as the share that it is.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import Unread


def entries_of(answer: Any) -> tuple[tuple[float, float], ...]:
    """(met, points) of every entry, met in [0, 1]; an unread entry is met where that costs points, else not."""
    entries = answer if isinstance(answer, tuple) else ((answer, 1.0),)
    return tuple(
        (float(points < 0) if isinstance(value, Unread) else float(value), points) for value, points in entries
    )
