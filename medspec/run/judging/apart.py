"""Rows a judge is calibrated on are not scored with it, whatever files they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from medspec.errors import DataError
from medspec.metrics.batch import hashable
from medspec.metrics.selection import select_value
from medspec.plan.judge_nodes import Calibration, RowValue, VerdictValue, judges_of
from medspec.plan.judged import judged_scores
from medspec.plan.nodes import Plan, TaskPlan
from medspec.run.scan import Rows

SAME_ROWS = "E0608"


def check_calibrations(plan: Plan, scored: Mapping[str, Rows], graded: Mapping[str, Rows]) -> None:
    """Raise `DataError` where a row shows a judge what a row it is calibrated on shows it.

    Compared are the judge's parameters that are filled from the row; a parameter filled with what the model wrote differs
    between a scored row and a graded one by its nature. A task may say why it scores such rows: `waive E0608`.
    """
    for task in plan.tasks:
        if SAME_ROWS in dict(task.waivers):
            continue
        for calibration in task.calibrations:
            for shown in _shown_from_row(task, calibration):
                _compare(task, calibration, shown, scored[task.scan], graded[calibration.scan], plan)


def _shown_from_row(task: TaskPlan, calibration: Calibration) -> Iterator[dict[str, tuple[str, ...]]]:
    for score in judged_scores(task):
        value = score.value
        assert isinstance(value, VerdictValue)
        if all(judge.name != calibration.judge for judge in judges_of(value)):
            continue
        shown = {
            name: given.path
            for name, given in value.arguments
            if isinstance(given, RowValue) and name in calibration.fields
        }
        if shown:
            yield shown


def _compare(
    task: TaskPlan,
    calibration: Calibration,
    shown: Mapping[str, tuple[str, ...]],
    scored: Rows,
    graded: Rows,
    plan: Plan,
) -> None:
    known = {_key(row[name] for name in shown): id for id, row in zip(graded.ids, graded.rows, strict=True)}
    for id, row in zip(scored.ids, scored.rows, strict=True):
        other = known.get(_key(select_value(dict(row), path) for path in shown.values()))
        if other is None:
            continue
        private = plan.scan(task.scan).private or plan.scan(calibration.scan).private
        which = "a row" if private else f"row {id}"
        same = "a row" if private else f"row {other}"
        fields = ", ".join(f"`{name}`" for name in shown)
        raise DataError(
            f"{scored.file}, {which}: `{calibration.judge}` is calibrated on it: {same} of {graded.file} has the same {fields}; "
            f'take it out of one of the two, or say in `{task.name}` why it stays: `waive {SAME_ROWS} because "..."`'
        )


def _key(values: Any) -> tuple[Any, ...]:
    return tuple(map(hashable, values))
