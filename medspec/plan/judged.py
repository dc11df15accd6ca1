"""Scores that a judge gives: what of them goes into the score hash, and what a plan that has them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from medspec.plan.canonical import Canonical
from medspec.plan.fold import fold
from medspec.plan.judge_nodes import Calibration, Judge, JudgeParameter, Panel, RowValue, VerdictValue, judges_of
from medspec.plan.nodes import Constant, Plan, Score, TaskPlan


def verdict_parts(value: VerdictValue, column: Callable[[str], Any]) -> dict[str, Any]:
    """What goes into the score hash for one judged value. `column` says where a field of the row comes from.

    The names of judges, of their prompts and of parameters do not take part, and a parameter nobody is shown does not.
    """
    return {
        "judge": _parts(value.judge, {name: _given(given, column) for name, given in value.arguments}),
        "path": value.path,
        "each": None if value.each is None else _given(value.each, column),
        "points": value.points,
    }


def _given(given: Any, column: Callable[[str], Any]) -> Any:
    return [given, column(given.path[0])] if isinstance(given, RowValue) else given


def _parts(judge: Judge | Panel, given: dict[str, Any]) -> Any:
    if isinstance(judge, Panel):
        third = None if judge.third is None else _parts(judge.third, given)
        rules = [judge.combine, judge.quorum, judge.on_disagreement]
        return {"rules": rules, "judges": [_parts(one, given) for one in judge.judges], "third": third}
    known = {name: bound.value for name, bound in judge.bindings if isinstance(bound, Constant)}
    canonical = Canonical()
    if any(turn.file is not None for turn in judge.turns):
        canonical.names.update({name: name for name, _ in judge.bindings})
    turns = [[turn.role, canonical.pieces(fold(turn.pieces, known)), turn.file] for turn in judge.turns]
    shown = {name: bound for name, bound in judge.bindings if name in canonical.names and name not in known}
    filled = {
        canonical.names[name]: given[bound.name] if isinstance(bound, JudgeParameter) else bound
        for name, bound in shown.items()
    }
    skipped = ("name", "prompt", "turns", "bindings", "parameters")
    rest = {field.name: getattr(judge, field.name) for field in attrs.fields(Judge) if field.name not in skipped}
    return {**rest, "turns": turns, "filled": dict(sorted(filled.items()))}


def judged_scores(task: TaskPlan) -> tuple[Score, ...]:
    """The scores of a task that a judge gives."""
    return tuple(score for score in task.scores if isinstance(score.value, VerdictValue))


def judges_in(plan: Plan) -> Iterator[tuple[Judge, tuple[str, ...]]]:
    """Every judge of a plan once, with the scores that ask it, as `task.label`."""
    found: list[tuple[Judge, list[str]]] = []
    for task in plan.tasks:
        for score in judged_scores(task):
            assert isinstance(score.value, VerdictValue)
            for judge in judges_of(score.value):
                entry = next((labels for one, labels in found if one == judge), None)
                if entry is None:
                    found.append((judge, entry := []))
                entry.append(f"{task.name}.{score.label}")
    yield from ((judge, tuple(dict.fromkeys(labels))) for judge, labels in found)


def calibration_words(one: Calibration) -> str:
    """`quadratic_kappa of correct and rating, at least 0.6, on graded.test`."""
    what = ".".join(one.field) or "the verdict"
    return f"{one.agreement} of {what} and {one.label}, at least {one.at_least:g}, on {one.rows}"


def judge_lines(plan: Plan) -> list[str]:
    """Each judge of a plan in a line, and the scores that ask it, for `medspec explain`."""
    lines = []
    calibrations = {one.judge: one for task in plan.tasks for one in task.calibrations}
    for judge, labels in judges_in(plan):
        model = judge.model
        where = f"{model.scheme}:{model.place}" + (f" at {model.url}, remote" if model.remote else "")
        kind = "greedy" if judge.decode.temperature == 0 else f"temperature {judge.decode.temperature:g}"
        times = f" x{judge.repeats}, {judge.combine}" if judge.repeats > 1 else ""
        lines.append(f"judge {judge.name}{times}   {where}, {kind}   -> {judge.reader.answer.spelled}")
        by_task: dict[str, list[str]] = {}
        for task, _, score in (label.rpartition(".") for label in labels):
            by_task.setdefault(task, []).append(score)
        lines += [f"  asked for {task}: {', '.join(scores)}" for task, scores in by_task.items()]
        found = calibrations.get(judge.name)
        lines.append("  not calibrated" if found is None else f"  calibrated: {calibration_words(found)}")
    return lines
