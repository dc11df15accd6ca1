"""Before a run: every calibrated judge is asked about the rows that people judged, and must agree with them.

    quadratic_kappa 0.71 (0.62 to 0.79) on 120 rows of graded.test, at least 0.6

Below the floor the run goes on: its numbers are printed with a mark, the report names the judge under `floors_missed`, and
the command ends with 4. A row whose verdict cannot be read disagrees with everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medspec.metrics import find_metric
from medspec.metrics.base import Batch, Unread
from medspec.metrics.selection import select_type, select_value
from medspec.plan.judge_nodes import Calibration, Judge, VerdictValue, judges_of
from medspec.plan.judged import judged_scores, judges_in
from medspec.plan.nodes import Interval, Plan
from medspec.run.agreement.chance import gwet_ac1
from medspec.run.agreement.table import Table
from medspec.run.bound import Bound
from medspec.run.intervals import interval_of, interval_of_mean
from medspec.run.judging.ask import Case
from medspec.run.judging.bench import Bench


def calibrate(bound: Bound, bench: Bench) -> dict[str, dict[str, Any]]:
    """For each calibrated judge: `agreement`, `value`, `low`, `high`, `rows`, `unread`, `at_least`, `reached`, `on`."""
    found: dict[str, dict[str, Any]] = {}
    plan = bound.plan
    judges = [judge for judge, _ in judges_in(plan)]
    for one in (calibration for task in plan.tasks for calibration in task.calibrations):
        judge = next((judge for judge in judges if judge.name == one.judge), None)
        if judge is not None and one.judge not in found:
            found[one.judge] = _calibration(one, judge, bound, bench, plan.interval)
    return found


def _calibration(one: Calibration, judge: Judge, bound: Bound, bench: Bench, interval: Interval) -> dict[str, Any]:
    rows = bound.graded[one.scan]
    cases = [
        # Graded answers are what some model wrote: they are fenced as those of the model under test are.
        Case(
            task=f"calibration of {judge.name}",
            name=id,
            values={name: row[name] for name in one.fields},
            candidates=_candidates(judge, bound.plan) & frozenset(one.fields),
        )
        for id, row in zip(rows.ids, rows.rows, strict=True)
    ]
    rulings = bench.rule(judge, cases)
    type_ = select_type(judge.reader.answer, one.field)
    assert type_ is not None
    said = [
        Unread(ruling.reason or "unread", "") if ruling.verdict is None else select_value(ruling.verdict, one.field)
        for ruling in rulings
    ]
    labels = [_label(row[one.label], judge, one) for row in rows.rows]
    value, low, high = _agreement(one.agreement, Batch(type_, _on_scale(said, type_), labels), interval)
    return {
        "agreement": one.agreement,
        "value": value,
        "low": low,
        "high": high,
        "rows": len(labels),
        "unread": sum(isinstance(verdict, Unread) for verdict in said),
        "at_least": one.at_least,
        "reached": value is not None and value >= one.at_least,
        "on": one.rows,
    }


def _candidates(judge: Judge, plan: Plan) -> frozenset[str]:
    """The parameters that hold what the model under test wrote, wherever the judge is called."""
    from medspec.run.judging.fence import candidates_of

    found: frozenset[str] = frozenset()
    for score in (score for task in plan.tasks for score in judged_scores(task)):
        if isinstance(score.value, VerdictValue) and judge in judges_of(score.value):
            found |= candidates_of(score.value)
    return found


def _label(label: Any, judge: Judge, one: Calibration) -> Any:
    """What people said, seen as the verdict is: a field of it where the label is a whole verdict."""
    return select_value(label, one.field) if isinstance(label, dict) else label


def _on_scale(said: list[Any], type_: Any) -> list[Any]:
    """Means of repeats as the nearest value the label could have: agreement is about labels."""
    if type_.kind == "bool":
        return [verdict if isinstance(verdict, Unread) else verdict >= 0.5 for verdict in said]
    if type_.kind in ("score", "int"):
        return [verdict if isinstance(verdict, Unread) else int(verdict + 0.5) for verdict in said]
    return said


def _agreement(name: str, batch: Batch, interval: Interval) -> tuple[float | None, float | None, float | None]:
    if name == "ac1":
        table = Table.of([None if isinstance(a, Unread) else a for a in batch.answers], batch.golds)
        return table.value(gwet_ac1), *table.interval(gwet_ac1, interval)
    metric = find_metric(name)
    assert metric is not None, name
    rows = metric.row_values(batch, {})
    if rows is not None:
        bounds = interval_of_mean(rows, interval)
    else:
        bounds = interval_of(metric.resampled(batch, {}), interval) if metric.resampled is not None else None
    value = metric.compute(batch, {})
    return (None if value != value else value), (bounds.low if bounds else None), (bounds.high if bounds else None)


def mark_below_floor(plan: Plan, tasks: Mapping[str, dict[str, Any]], calibrations: Mapping[str, Any]) -> None:
    """Mark every number of a judge that agrees with people too little: `below_floor` names the judges."""
    missed = {name for name, one in calibrations.items() if not one["reached"]}
    for task in plan.tasks:
        for score in judged_scores(task):
            assert isinstance(score.value, VerdictValue)
            below = sorted({judge.name for judge in judges_of(score.value)} & missed)
            if below:
                _mark(tasks[task.name], score.label, below)


def _mark(task: dict[str, Any], label: str, judges: list[str]) -> None:
    task["metrics"][label]["below_floor"] = judges
    for groups in task["slices"].values():
        for group in groups.values():
            if "metrics" in group:
                group["metrics"][label]["below_floor"] = judges


def floors_missed(report: Mapping[str, Any]) -> list[str]:
    """One sentence for each judge that did not agree with people enough."""
    found = []
    for name, judge in report.get("judges", {}).items():
        one = judge.get("calibration")
        if one is not None and not one["reached"]:
            value = "nothing to compare" if one["value"] is None else f"{one['value']:.3f}"
            found.append(
                f"`{name}`: {one['agreement']} {value} on {one['rows']:,} rows of {one['on']}, at least {one['at_least']:g}"
            )
    return found
