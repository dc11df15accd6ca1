"""Numbers of a report as a person reads them: three digits, an interval, a share that is never quite nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def number(value: float | None) -> str:
    """`0.712`."""
    return "none" if value is None else f"{value:.3f}"


def interval(value: Mapping[str, Any]) -> str:
    """`0.671 to 0.750`, or nothing."""
    low, high = value.get("low"), value.get("high")
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def share(value: float) -> str:
    """`0.2%`; what is not quite nothing is never shown as 0%, and what is not quite all never as 100%."""
    if value in (0, 1):
        return f"{value:.0%}"
    return f"{min(max(value, 0.001), 0.999):.1%}"


def duration(seconds: float) -> str:
    """`8.3 s`, `1 min 23 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
