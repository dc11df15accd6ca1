"""`medspec compare`: two runs on the same rows, and whether the rows can tell them apart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medspec.cli.options import format_option
from medspec.cli.output import columns_of, print_json, print_text

if TYPE_CHECKING:
    from medspec.run.compare import Comparison, Difference
    from medspec.run.stored import StoredRun


@click.command()
@click.argument("one", metavar="RUN_A", type=click.Path(path_type=Path))
@click.argument("other", metavar="RUN_B", type=click.Path(path_type=Path))
@click.option(
    "--metric", metavar="LABEL", help="This metric of every task that has it, in the place of the primary one."
)
@click.option(
    "--resamples", type=click.IntRange(100, 1_000_000), default=5000, show_default=True, help="Draws of the bootstrap."
)
@format_option()
def COMMAND(one: Path, other: Path, metric: str | None, resamples: int, format: str) -> None:
    """Compare two runs on the same rows: differences, intervals, p values.

    RUN_A and RUN_B are folders of finished runs. Runs that measured different things are refused, and which hash differs is
    said.
    """
    from medspec.run.compare import compare
    from medspec.run.stored import load_run

    runs = load_run(one), load_run(other)
    found = compare(*runs, metric=metric, resamples=resamples)
    if format == "json":
        print_json(as_data(found, *runs))
    else:
        print_text(as_text(found, *runs))


def as_data(found: Comparison, one: StoredRun, other: StoredRun) -> dict[str, Any]:
    """The comparison as plain values; `difference` is B minus A."""
    return {
        "runs": {side: {"model": run.model, "folder": str(run.folder)} for side, run in (("a", one), ("b", other))},
        "level": found.interval.level,
        "resamples": found.interval.resamples,
        "seed": found.interval.seed,
        "tasks": [_entry(task) for task in found.tasks],
        "aggregates": [_entry(entry) for entry in found.aggregates],
        "unpaired": list(found.unpaired),
        "remarks": list(found.remarks),
    }


def _entry(one: Difference) -> dict[str, Any]:
    return {
        "name": one.name,
        "metric": one.metric,
        "rows": one.rows,
        "clusters": one.clusters,
        "a": one.one,
        "b": one.other,
        "difference": one.value,
        "low": one.low,
        "high": one.high,
        "test": one.test,
        "p": one.p,
        "p_holm": one.corrected,
        "smallest": one.smallest,
        "higher_is_better": one.higher_is_better,
    }


def as_text(found: Comparison, one: StoredRun, other: StoredRun) -> str:
    """A line for each task and aggregate, and below what the columns mean."""
    level = f"{found.interval.level * 100:g}% interval"
    head = ("", "Rows", "Metric", "A", "B", "B - A", level, "p", "p (Holm)", "Could show")
    lines = [f"A  {one.model}  {one.folder}", f"B  {other.model}  {other.folder}", ""]
    lines += columns_of(
        [head, *(_cells(entry) for entry in (*found.tasks, *found.aggregates))], right=(1, 3, 4, 5, 7, 8, 9)
    )
    lines.append("")
    lines += [f"only in one of them: {name}" for name in found.unpaired]
    lines += list(found.remarks)
    clustered = [f"{task.name}, {task.clusters:,} clusters" for task in found.tasks if task.clusters is not None]
    lines += [f"clusters are drawn, not rows: {'; '.join(clustered)}"] if clustered else []
    low = [task.name for task in found.tasks if not task.higher_is_better]
    lines += [f"lower is better: {', '.join(low)}"] if low else []
    exact = (
        "McNemar's exact p where rows are right or wrong, else of "
        if any(t.test == "mcnemar" for t in found.tasks)
        else ""
    )
    lines.append(
        f"p: {exact}the paired bootstrap ({found.interval.resamples:,} draws); Holm: corrected for {_tested(found)}"
    )
    lines.append("Could show: a true difference of this size would be found four times in five")
    return "\n".join(lines)


def _tested(found: Comparison) -> str:
    count = sum(task.p is not None for task in found.tasks)
    return f"{count} tasks" if count != 1 else "1 task"


def _cells(one: Difference) -> tuple[str, ...]:
    interval = "" if one.low is None or one.high is None else f"{one.low:+.3f} to {one.high:+.3f}"
    return (
        one.name,
        "" if one.rows is None else f"{one.rows:,}",
        one.metric or "aggregate",
        _number(one.one),
        _number(one.other),
        "none" if one.value is None else f"{one.value:+.3f}",
        interval,
        _p(one.p),
        _p(one.corrected),
        _number(one.smallest, none=""),
    )


def _number(value: float | None, *, none: str = "none") -> str:
    return none if value is None else f"{value:.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
