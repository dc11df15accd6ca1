"""A finished run as its folder keeps it: report, plan, and every row with its answers, for whatever looks at runs later.

Nothing is read again from the data or asked again: what is needed is in `report.json`, `plan.json` and `rows.parquet`. Answers
that are private text are not there, so metrics over the whole set that need them cannot be drawn again.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.errors import StoreError
from medspec.metrics.base import Batch
from medspec.metrics.resample import Resampled, mean_of_values
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.nodes import Plan, Score, TaskPlan
from medspec.readers.base import Unread
from medspec.run.folder import plan_of
from medspec.run.jointly import Clusters, Drawn
from medspec.run.score import clusters_of, metric_of, rows_of, seen_by
from medspec.run.stored_report import StoredReport, read_report
from medspec.types import Box, OptionalType, RecordType, Span, Type

if TYPE_CHECKING:
    import numpy as np
    import polars as pl


@attrs.frozen(eq=False)
class StoredRun:
    """A run folder. `report` is `report.json` as it stands and `result` typed; `rows` is the whole table of `rows.parquet`."""

    folder: Path
    report: dict[str, Any]
    result: StoredReport
    plan: Plan
    rows: pl.DataFrame

    @property
    def model(self) -> str:
        return self.result.model.name


def load_run(folder: Path) -> StoredRun:
    """The run in `folder`. Raises `StoreError` where it is not finished, damaged, or none."""
    import polars as pl

    if not (folder / "report.json").is_file():
        why = "its run is not finished" if (folder / "plan.json").is_file() else "there is no run"
        raise StoreError(f"{folder}: {why}; name the folder of a run that is, such as those under runs/")
    result, report = read_report(folder / "report.json")
    try:
        plan = plan_of(folder)
        rows = pl.read_parquet(folder / "rows.parquet")
    except (OSError, ValueError, RecursionError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"cannot read the run in {folder}: {error}") from error
    run = StoredRun(folder, report, result, plan, rows)
    if (wrong := _foreign(run)) is not None:
        raise StoreError(
            f"{folder}: its files are not of one run: {wrong}; `medspec resume` on the run writes them anew"
        )
    return run


def _foreign(run: StoredRun) -> str | None:
    """In what the files of a run's folder do not belong together; None where they do."""
    import polars as pl

    plan, rows = run.plan, run.rows
    planned = {task.name: task for task in plan.tasks}
    if set(planned) != set(run.result.tasks):
        return "report.json and plan.json have other tasks"
    if {entry.name for entry in plan.aggregates} != set(run.result.aggregates):
        return "report.json and plan.json have other aggregates"
    kept = {"task": pl.String, "row_id": pl.String, "sample": pl.Int32}
    if any(rows.schema.get(name) != type_ for name, type_ in kept.items()):
        return "rows.parquet does not hold what a run writes"
    counts = dict(rows.group_by("task").len().iter_rows())
    for name, entry in run.result.tasks.items():
        if entry.call_hash != planned[name].call_hash:
            return f"`{name}` has the call hash {entry.call_hash} in report.json and {planned[name].call_hash} in plan.json"
        if set(entry.metrics) != {score.label for score in planned[name].scores}:
            return f"report.json and plan.json have other metrics of `{name}`"
        if counts.get(name, 0) != entry.rows * entry.draws:
            lines = f"{counts.get(name, 0):,} lines of `{name}`"
            return f"rows.parquet has {lines}, and report.json {entry.rows * entry.draws:,}"
    return None


def task_rows(run: StoredRun, task: str) -> pl.DataFrame:
    """The lines of one task, draw by draw, each in the order of the rows."""
    import polars as pl

    return run.rows.filter(pl.col("task") == task)


def ids_of(run: StoredRun, task: str) -> list[str]:
    """The ids of the rows of a task, in their order."""
    import polars as pl

    ids: list[str] = task_rows(run, task).filter(pl.col("sample") == 0)["row_id"].to_list()
    return ids


def score_of(run: StoredRun, task: str, label: str) -> Score:
    """The planned score behind a label of the report."""
    return next(score for score in run.plan.task(task).scores if score.label == label)


def row_values(run: StoredRun, task: str, label: str) -> np.ndarray | None:
    """The value of every row, averaged over its draws: float64 of shape [rows], NaN where it was skipped.

    None for a metric that is no mean over rows.
    """
    import numpy as np

    lines = task_rows(run, task)
    column = f"metric.{label}"
    if column not in lines.columns or metric_of(score_of(run, task, label)).signature.grain != "per row":
        return None
    draws = np.array([_floats(part[column]) for part in lines.partition_by("sample", maintain_order=True)])
    counted = ~np.isnan(draws)
    total = np.where(counted, draws, 0.0).sum(axis=0)
    found: np.ndarray = np.divide(
        total, counted.sum(axis=0), out=np.full(len(total), np.nan), where=counted.any(axis=0)
    )
    return found


def drawn_score(run: StoredRun, task: str, label: str) -> Drawn | None:
    """A score of a run, ready for the bootstrap; None where what it needs is not kept."""
    ids = ids_of(run, task)
    rows = sha256("\n".join([run.report["tasks"][task]["data"]["sha256"], *ids]).encode("utf-8", "surrogatepass"))
    values = row_values(run, task, label)
    forms = (mean_of_values(values),) if values is not None else _forms(run, task, label)
    return None if forms is None or not ids else Drawn(rows.hexdigest(), stored_clusters(run, task), forms)


def stored_clusters(run: StoredRun, task: str) -> Clusters | None:
    """The clusters of the rows of a task, by number: their names are not kept."""
    import polars as pl

    plan = run.plan
    scan = plan.scan(plan.task(task).scan)
    lines = task_rows(run, task).filter(pl.col("sample") == 0)
    if scan.cluster is None or "cluster" not in lines.columns:
        return None
    codes = clusters_of(lines["cluster"].to_numpy(), slice(None))
    assert codes is not None
    source = f"{run.report['tasks'][task]['data']['sha256']} {scan.dataset} {scan.split} {scan.subset} {scan.cluster}"
    return Clusters(source, tuple(range(int(codes.max(initial=-1)) + 1)), codes)


def _forms(run: StoredRun, task: str, label: str) -> tuple[Resampled, ...] | None:
    """What a metric over the whole set needs of each row, from the answers that are kept."""
    import numpy as np

    from medspec.metrics.resample import spread_over

    score, planned = score_of(run, task, label), run.plan.task(task)
    metric = metric_of(score)
    if metric.resampled is None or score.fields or isinstance(score.value, VerdictValue):
        return None
    read = run.plan.read(planned.read)
    found = []
    for batch in _batches(run, planned):
        if batch is None:
            return None
        counted = np.flatnonzero(~batch.unread) if read.unread == "skip" else np.arange(len(batch))
        if not len(counted):
            return None
        seen = seen_by(score, rows_of(batch, counted.tolist()))
        found.append(spread_over(metric.resampled(seen, dict(score.settings)), counted, len(batch)))
    return tuple(found)


def _batches(run: StoredRun, task: TaskPlan) -> list[Batch | None]:
    """A batch for each draw; None where texts or confidences are not kept."""
    type_ = run.plan.read(task.read).reader.answer
    gold = run.plan.scan(task.scan).record.field(task.gold)
    assert gold is not None
    needs = any("confidence" in metric_of(score).signature.needs for score in task.scores)
    found: list[Batch | None] = []
    for part in task_rows(run, task.name).partition_by("sample", maintain_order=True):
        kept = part["gold"].null_count() == 0 and (part["answer"].is_null() == part["unread"].is_not_null()).all()
        if not kept or (needs and "confidence" not in part.columns):
            found.append(None)
            continue
        answers = [
            Unread(reason, "") if reason is not None else value_from_json(type_, json.loads(text))
            for text, reason in zip(part["answer"], part["unread"], strict=True)
        ]
        golds = [value_from_json(gold.type, json.loads(text)) for text in part["gold"]]
        sure = part["confidence"].to_list() if needs else None
        found.append(Batch(type_, answers, golds, gold.type, sure))
    return found


def value_from_json(type_: Type, value: Any) -> Any:
    """What `type_.to_json` wrote, read back without the row it belongs to."""
    if isinstance(type_, OptionalType):
        return None if value is None else value_from_json(type_.item, value)
    if isinstance(type_, RecordType):
        return {field.name: value_from_json(field.type, value[field.name]) for field in type_.fields}
    if type_.kind == "span":
        return Span(value["start"], value["end"], value.get("label"))
    if type_.kind == "box":
        image = value["image"] - 1 if isinstance(value, dict) else None
        numbers = value["box"] if isinstance(value, dict) else value
        return Box(tuple(float(number) for number in numbers), image)  # type: ignore[arg-type]
    if isinstance(value, list):
        entries = [value_from_json(type_.children[0], entry) if type_.children else entry for entry in value]
        return frozenset(entries) if type_.kind == "set" else tuple(entries)
    return float(value) if type_.kind in ("float", "score") else value


def _floats(column: pl.Series) -> np.ndarray:
    import polars as pl

    found: np.ndarray = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return found
