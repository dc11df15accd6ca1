"""The two hashes of a task: what is sent, and how it is scored.

call hash    everything that changes bytes sent to the model: which rows, the folded prompt, options, decode settings
score hash   everything that changes numbers from the same replies: reader, gold, metrics and their versions, unread policy
in neither   comments, doc texts, spacing, names of prompts, datasets, tasks and metrics' labels, weights, intervals
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from medspec.plan.fold import fold
from medspec.plan.form import digest
from medspec.plan.nodes import Call, Constant, FieldRef, Plan, Read, Render, Scan, ShotRows, TaskPlan, TextFile


def call_parts(scan: Scan, render: Render, call: Call, shot_scan: Scan | None = None) -> dict[str, Any]:
    """What goes into the call hash, by name: kept as data so that two hashes can be compared part by part."""
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    return {
        "rows": _rows_parts(scan, render),
        "turns": [[turn.role, fold(turn.pieces, known), turn.file] for turn in render.turns],
        "texts": [
            [n, bound]
            for n, bound in sorted(render.bindings, key=itemgetter(0))
            if isinstance(bound, TextFile | ShotRows)
        ],
        "shots": None if shot_scan is None else _shot_parts(shot_scan, render),
        "decode": call.decode if call.options is None else None,
        "options": call.options,
    }


def _rows_parts(scan: Scan, render: Render) -> dict[str, Any]:
    fields = {name: bound.field for name, bound in render.bindings if isinstance(bound, FieldRef)}
    columns = dict(scan.columns)
    return {
        "source": scan.source,
        "keep": scan.keep,
        "part": scan.part,
        "columns": {name: columns.get(field, field) for name, field in sorted(fields.items())},
        "types": {name: scan.record.field(field) for name, field in sorted(fields.items())},
    }


def _shot_parts(scan: Scan, render: Render) -> dict[str, Any]:
    assert render.shots is not None
    shots = render.shots
    columns = dict(scan.columns)
    named = [name for name in (shots.gold, shots.distinct_by) if name is not None]
    return {
        "rows": _rows_parts(scan, render),
        "pick": [shots.count, shots.pick, shots.seed, shots.ids],
        "columns": [[columns.get(name, name), scan.record.field(name)] for name in named],
        "written_by": shots.reader,
    }


def score_parts(task: TaskPlan, scan: Scan, read: Read) -> dict[str, Any]:
    """What goes into the score hash, by name."""
    return {
        "reader": read.reader,
        "unread": read.unread,
        "gold": [dict(scan.columns).get(task.gold, task.gold), scan.record.field(task.gold)],
        "metrics": [[score.metric, score.settings, score.version] for score in task.scores],
    }


def call_hash(scan: Scan, render: Render, call: Call, shot_scan: Scan | None = None) -> str:
    """Sixteen hex digits over `call_parts`."""
    return digest(call_parts(scan, render, call, shot_scan))


def score_hash(task: TaskPlan, scan: Scan, read: Read) -> str:
    """Sixteen hex digits over `score_parts`."""
    return digest(score_parts(task, scan, read))


def plan_hash(plan: Plan) -> str:
    """Sixteen hex digits over the whole plan but where its specs lie."""
    return digest(plan)
