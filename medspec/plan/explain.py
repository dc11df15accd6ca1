"""A plan in words: what will be sent, how it is read, what is scored.

core @3   plan 3f9a07c2...   2 tasks, 1 call

 id  what                              rows from   fields   fixed text
 c1  ask_mcq -> one of the options     medqa.test  3 of 5   62%
 │     read letter -> choice of options
 ├─ medqa.accuracy *      per row      4c1f...
 └─ medqa.macro_f1        whole set
* primary
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medspec.metrics import find_metric
from medspec.plan.encoders import encoder_lines, encoders_in
from medspec.plan.hash import plan_hash
from medspec.plan.judged import judge_lines, judges_in
from medspec.plan.nodes import Call, Plan, Render, Scan, TaskPlan
from medspec.syntax import template


def explain(plan: Plan, *, before: Plan | None = None) -> str:
    """The plan as text. `before` is the plan without optimisation: with it, what the passes saved is said."""
    version = "" if plan.version is None else f" @{plan.version}"
    counts = f"{_count(len(plan.tasks), 'task')}, {_count(len(plan.calls), 'call')}"
    lines = [f"{plan.suite}{version}   plan {plan_hash(plan)}   {counts}", ""]
    table = [_head(plan, call) for call in plan.calls]
    widths = [max(len(row[column]) for row in [_TITLES, *table]) for column in range(len(_TITLES))]
    lines.append(_row(_TITLES, widths))
    for call, row in zip(plan.calls, table, strict=True):
        lines.append(_row(row, widths))
        lines += _tasks(plan, call)
    lines += judge_lines(plan)
    lines += encoder_lines(plan)
    lines += ["", "* primary"]
    lines += [f"{one.name} = {one.method} over {_over(one.tasks, plan)}" for one in plan.aggregates]
    interval = plan.interval
    lines.append(f"intervals: {interval.method}, level {interval.level:g}")
    if before is not None and len(before.calls) != len(plan.calls):
        lines.append(f"merged: {len(before.calls)} calls became {len(plan.calls)}")
    lines += [
        f"asked together, row by row: {' + '.join(wave.calls)}, whose prompts begin with the same part of a row"
        for wave in plan.waves
        if len(wave.calls) > 1
    ]
    return "\n".join(lines) + "\n"


def explain_json(plan: Plan) -> dict[str, Any]:
    """The same content as plain values."""
    return {
        "suite": plan.suite,
        "version": plan.version,
        "plan": plan_hash(plan),
        "calls": [
            {
                "id": call.id,
                **dict(zip(("what", "rows_from", "fields", "fixed_text"), _head(plan, call)[1:], strict=True)),
                "tasks": [_task_json(plan, task) for task in plan.tasks if task.call == call.id],
            }
            for call in plan.calls
        ],
        "judges": [
            {
                "name": judge.name,
                "model": judge.model.name,
                "remote": judge.model.remote,
                "repeats": judge.repeats,
                "verdict": judge.reader.answer.spelled,
                "scores": list(labels),
            }
            for judge, labels in judges_in(plan)
        ],
        **(
            {"encoders": {name: list(labels) for name, labels in found.items()}} if (found := encoders_in(plan)) else {}
        ),
        "waves": [{"calls": list(wave.calls), "by_prompt": wave.by_prompt} for wave in plan.waves],
        "aggregates": [{"name": a.name, "method": a.method, "tasks": list(a.tasks)} for a in plan.aggregates],
    }


_TITLES = ("id", "what", "rows from", "fields", "fixed text")


def _head(plan: Plan, call: Call) -> tuple[str, ...]:
    render = plan.render(call.render)
    scan = plan.scan(render.scan)
    if call.options is not None:
        before = dict(call.options.settings).get("before", "")
        what = f"{render.prompt}, likelihood of each option after {before!r}"
    else:
        kind = "greedy" if call.decode.temperature == 0 else f"temperature {call.decode.temperature:g}"
        what = f"{render.prompt}, at most {call.decode.max_tokens} tokens, {kind}"
    return (call.id, what, _rows_from(scan), str(len(scan.record.fields)), _fixed_text(render))


def _over(tasks: tuple[str, ...], plan: Plan) -> str:
    """The tasks of an aggregate: their names, or that it is all of several."""
    everything = len(tasks) > 2 and set(tasks) == {task.name for task in plan.tasks}
    return f"all {len(tasks):,} tasks" if everything else ", ".join(tasks)


def _fixed_text(render: Render) -> str:
    """The share of a prompt that is the same for every row; of a text in a file it is not known before the file is read."""
    if any(turn.file is not None for turn in render.turns):
        return "in a file"
    return f"{_static_share(render):.0%}"


def _rows_from(scan: Scan) -> str:
    parts = [scan.dataset, *([scan.subset] if scan.subset else []), scan.split]
    return ".".join(parts)


def _static_share(render: Render) -> float:
    """The share of the template's characters that are the same for every row; a hole counts as 20 characters."""
    fixed = sum(_fixed(piece) for turn in render.turns for piece in turn.pieces)
    holes = sum(not isinstance(piece, template.Text) for turn in render.turns for piece in turn.pieces)
    return fixed / (fixed + 20 * holes) if fixed or holes else 0.0


def _fixed(piece: template.Piece) -> int:
    return len(piece.text) if isinstance(piece, template.Text) else 0


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    return (" " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))).rstrip()


def _tasks(plan: Plan, call: Call) -> Iterator[str]:
    tasks = [task for task in plan.tasks if task.call == call.id]
    for task in tasks:
        read = plan.read(task.read)
        unread = "" if read.unread == "worst" else ", unread rows skipped"
        last_task = task is tasks[-1]
        yield f" │   read {read.reader.name} -> {read.reader.answer.spelled}{unread}   call {task.call_hash}  score {task.score_hash}"
        labels = [f"{task.name}.{score.label}" + (" *" if score.primary else "") for score in task.scores]
        width = max(len(label) for label in labels)
        for index, score in enumerate(task.scores):
            corner = "└─" if last_task and index == len(labels) - 1 else "├─"
            metric = find_metric(score.metric)
            grain = metric.signature.grain if metric is not None else ""
            yield f" {corner} {labels[index].ljust(width)}   {grain}"


def _task_json(plan: Plan, task: TaskPlan) -> dict[str, Any]:
    read = plan.read(task.read)
    return {
        "name": task.name,
        "version": task.version,
        "reader": read.reader.name,
        "answer": read.reader.answer.spelled,
        "unread": read.unread,
        "call_hash": task.call_hash,
        "score_hash": task.score_hash,
        "metrics": [{"label": s.label, "metric": s.metric, "primary": s.primary} for s in task.scores],
    }


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
