"""An estimate in words, alone or beside what a run measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from medspec.run.estimate import ASSUMED, CallEstimate, Estimate

_ROWS_SHOWN = 5


def estimate_text(found: Estimate, title: str, model: str | None) -> str:
    """The table of calls, and below it memory, rows that do not fit, and time."""
    head = ("id", "calls", "distinct", "prompt tokens", "each", "longest", "shared", "written, at most")
    rows = [head, *map(_row, found.calls)]
    if len(found.calls) > 1:
        rows.append(_total(found.calls))
    lines = [f"{title}, before it is run", "", *table(rows)]
    lines += [f"      {call.call}  {', '.join(call.tasks)}" for call in found.calls]
    counted = sum(call.counted for call in found.calls)
    lines += ["", f"tokens: {found.counter.how}, counted on {counted:,} prompts"]
    if images := sum(call.images for call in found.calls):
        lines.append(f"images: {images:,}, each counted as its mark alone; what it takes is known when it is prepared")
    lines.append("shared: what a prompt begins with as the one asked before it does")
    lines.append(f"KV memory: {_memory(found)}")
    lines += _fit(found)
    lines.append(f"time: {_time(found, model)}")
    return "\n".join(lines) + "\n"


def estimate_json(found: Estimate) -> dict[str, Any]:
    """The same content as plain values. Rows that do not fit are counted, and named."""
    return {
        "tokens_are": found.counter.how,
        "context": found.counter.context,
        "kv_bytes_each": found.counter.kv_bytes,
        "kv_memory": found.kv_memory,
        "seconds": round(found.seconds, 1),
        "speed": None if found.speed is None else attrs.asdict(found.speed),
        "calls": [attrs.asdict(call) for call in found.calls],
    }


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their titles, the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        " " + "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def spell_bytes(size: int) -> str:
    """`12 kB`, `3.4 GB`.

    >>> spell_bytes(3_440_000_000)
    '3.4 GB'
    """
    for unit, word in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            number = size / unit
            return f"{number:.1f} {word}" if number < 10 else f"{number:,.0f} {word}"
    return f"{size} bytes"


def spell_seconds(seconds: float) -> str:
    """`4 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{max(seconds, 0.1):.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _row(call: CallEstimate) -> tuple[str, ...]:
    each = call.prompt_tokens / call.asked if call.asked else 0
    return (
        call.call,
        f"{call.asked:,}",
        f"{call.distinct:,}",
        f"{call.prompt_tokens:,}",
        f"{each:,.0f}",
        f"{call.longest:,}",
        _share(call.shared_tokens, call.prompt_tokens),
        f"{call.written_tokens:,}" if call.written_tokens else "-",
    )


def _total(calls: Sequence[CallEstimate]) -> tuple[str, ...]:
    tokens = sum(call.prompt_tokens for call in calls)
    asked = sum(call.asked for call in calls)
    written = sum(call.written_tokens for call in calls)
    return (
        "all",
        f"{asked:,}",
        f"{sum(call.distinct for call in calls):,}",
        f"{tokens:,}",
        f"{tokens / asked if asked else 0:,.0f}",
        f"{max(call.longest for call in calls):,}",
        _share(sum(call.shared_tokens for call in calls), tokens),
        f"{written:,}" if written else "-",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _memory(found: Estimate) -> str:
    if found.kv_memory is None:
        return "not known without the configuration of a model; say which with --model"
    each = found.counter.kv_bytes or 0
    longest = max((call.longest for call in found.calls), default=0)
    return f"{spell_bytes(found.kv_memory)} for the longest row ({longest:,} tokens of {spell_bytes(each)})"


def _fit(found: Estimate) -> list[str]:
    if found.counter.context is None:
        return ["context: not known without a model; say which with --model"]
    lines = []
    for call in found.calls:
        if not call.too_long:
            continue
        shown = [f"{row} ({tokens:,} tokens)" for row, tokens in call.too_long[:_ROWS_SHOWN]]
        more = len(call.too_long) - len(shown)
        lines.append(f"      {call.call}  {', '.join(shown)}{f' and {more:,} more' if more else ''}")
    count = sum(len(call.too_long) for call in found.calls)
    aside = ", images aside" if any(call.images for call in found.calls) else ""
    said = f"{count:,} {'row does' if count == 1 else 'rows do'} not fit" if count else "every row fits"
    return [f"context: {found.counter.context:,} tokens; {said}{aside}", *lines]


def _time(found: Estimate, model: str | None) -> str:
    about = f"about {spell_seconds(found.seconds)}"
    if found.speed is None:
        of = "a model" if model is None else f"`{model}`"
        return f"{about} at {ASSUMED:,} prompt tokens a second, which is assumed: no earlier run of {of} is here"
    speed = found.speed
    rate = f"{speed.tokens:,.0f} tokens" if speed.tokens is not None else f"{speed.calls:,.0f} calls"
    return f"{about} at {rate} a second, as in {speed.run}"
