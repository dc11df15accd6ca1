"""What a run took, beside what was expected of it.

id   rows   tokens each, expected   measured   seconds   rows a second   unread   failed
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.errors import StoreError
from medspec.plan.nodes import Plan
from medspec.run.estimate import CallEstimate, Speed
from medspec.run.estimate_text import table
from medspec.run.folder import RunRecord, plan_of

if TYPE_CHECKING:
    import polars


@attrs.frozen(kw_only=True)
class CallMeasured:
    """One call of a run. `expected` is None where its data are not at hand; tokens are those of prompts."""

    call: str
    tasks: tuple[str, ...]
    rows: int
    expected: float | None
    tokens: float | None
    model_seconds: float | None
    """Summed over rows; rows that were in one batch share its time."""
    unread: float
    failed: int


@attrs.frozen(kw_only=True)
class Measured:
    """A run: its calls, and what the report says of the whole."""

    run: Path
    model: str
    seconds: float
    asked: int
    reused: int
    calls: tuple[CallMeasured, ...]


def report_of(run: Path) -> dict[str, Any]:
    """The report in the folder of a run. Raises `StoreError` where it has none."""
    file = run / "report.json"
    try:
        found = json.loads(file.read_text("utf-8"))
        if isinstance(found, dict) and isinstance(found.get("tasks"), dict):
            return found
    except FileNotFoundError:
        raise StoreError(f"{run} holds no report: the run has not ended; go on with `medspec resume {run}`") from None
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{file} cannot be read: {error}") from error
    raise StoreError(f"{file} is no report of a run")


def measured(run: Path, expected: Mapping[str, CallEstimate]) -> Measured:
    """What the run in `run` took; `expected` are estimates of its plan's calls, {} where there are none."""
    report, plan, lines = report_of(run), plan_of(run), rows_of(run)
    return Measured(
        run=run,
        model=report["model"]["name"],
        seconds=report["seconds"],
        asked=report["calls"]["asked"],
        reused=report["calls"]["reused"],
        calls=tuple(_call(plan, call.id, report, lines, expected.get(call.id)) for call in plan.calls),
    )


def rows_of(run: Path) -> polars.DataFrame:
    """The lines of `rows.parquet` of a run. Raises `StoreError` where there are none."""
    import polars as pl

    try:
        return pl.read_parquet(run / "rows.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"the rows of the run in {run} cannot be read: {error}") from error


def _call(
    plan: Plan, id: str, report: Mapping[str, Any], lines: polars.DataFrame, expected: CallEstimate | None
) -> CallMeasured:
    import polars as pl

    tasks = tuple(task.name for task in plan.tasks if task.call == id)
    # Tasks that share a call have the same replies.
    mine = lines.filter(pl.col("task") == tasks[0])
    entries = [report["tasks"][name] for name in tasks]
    seconds = float(mine["seconds"].sum()) if mine["seconds"].count() else None
    return CallMeasured(
        call=id,
        tasks=tasks,
        rows=len(mine),
        expected=None if expected is None or not expected.asked else expected.prompt_tokens / expected.asked,
        tokens=_number(mine["tokens_in"].mean()),
        model_seconds=seconds,
        unread=max(entry["unread"] for entry in entries),
        failed=max(entry["failed"] for entry in entries),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def measured_text(found: Measured) -> str:
    """The table, and below it the whole."""
    head = ("id", "rows", "tokens each, expected", "measured", "model seconds", "rows a second", "unread", "failed")
    lines = [f"{found.run}, run with {found.model}", "", *table([head, *map(_row, found.calls)])]
    lines += [f"      {call.call}  {', '.join(call.tasks)}" for call in found.calls]
    lines.append("")
    for call in found.calls:
        if call.expected and call.tokens and abs(call.tokens / call.expected - 1) > 0.1:
            more = call.tokens / call.expected - 1
            word = "more" if more > 0 else "fewer"
            lines.append(f"{call.call}: {abs(more):.0%} {word} tokens than expected")
    lines.append(f"in all {found.seconds:,.1f} s: {found.asked:,} calls of the model, {found.reused:,} replies reused")
    return "\n".join(lines) + "\n"


def measured_json(found: Measured) -> dict[str, Any]:
    """The same content as plain values."""
    return {**attrs.asdict(found), "run": str(found.run)}


def _row(call: CallMeasured) -> tuple[str, ...]:
    rate = call.rows / call.model_seconds if call.model_seconds else None
    return (
        call.call,
        f"{call.rows:,}",
        _shown(call.expected),
        _shown(call.tokens),
        "-" if call.model_seconds is None else f"{call.model_seconds:,.1f}",
        "-" if rate is None else f"{rate:,.1f}",
        f"{call.unread:.1%}",
        f"{call.failed:,}",
    )


def _shown(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"


def earlier_speed(runs: Sequence[Path], model: str | None) -> Speed | None:
    """How fast the newest run of `model` among `runs` was that asked it anything; None where there is none."""
    for run in reversed(runs):
        try:
            if model is None or RunRecord.read(run).model != model:
                continue
            report = report_of(run)
            asked, seconds = report["calls"]["asked"], report["seconds"]
            if not asked or not seconds:
                continue
            lines = rows_of(run)
        except (StoreError, KeyError):
            continue  # a run that is not finished, or of another version, says nothing about speed
        share = asked / max(len(lines), 1)
        tokens = (lines["tokens_in"].sum() or 0) * min(share, 1.0)
        return Speed(run=run.name, calls=asked / seconds, tokens=tokens / seconds if tokens else None)
    return None
