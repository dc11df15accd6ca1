"""The two hashes of a task: what is sent, and how it is scored.

call hash    everything that changes bytes sent to the model: which rows, the folded prompt, options, decode settings
score hash   everything that changes numbers from the same replies: reader, gold, metrics and their versions, unread policy
in neither   comments, doc texts, spacing, names of prompts, datasets, tasks and metrics' labels, weights, intervals
"""

from __future__ import annotations

from typing import Any

from medspec.plan.fold import fold
from medspec.plan.form import digest
from medspec.plan.nodes import Call, Constant, FieldRef, Plan, Read, Render, Scan, TaskPlan


def call_parts(scan: Scan, render: Render, call: Call) -> dict[str, Any]:
    """What goes into the call hash, by name: kept as data so that two hashes can be compared part by part."""
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    fields = {name: bound.field for name, bound in render.bindings if isinstance(bound, FieldRef)}
    columns = dict(scan.columns)
    return {
        "source": scan.source,
        "keep": scan.keep,
        "columns": {name: columns.get(field, field) for name, field in sorted(fields.items())},
        "types": {name: scan.record.field(field) for name, field in sorted(fields.items())},
        "turns": [[turn.role, fold(turn.pieces, known)] for turn in render.turns],
        "decode": call.decode if call.options is None else None,
        "options": call.options,
    }


def score_parts(task: TaskPlan, scan: Scan, read: Read) -> dict[str, Any]:
    """What goes into the score hash, by name."""
    return {
        "reader": read.reader,
        "unread": read.unread,
        "gold": [dict(scan.columns).get(task.gold, task.gold), scan.record.field(task.gold)],
        "metrics": [[score.metric, score.settings, score.version] for score in task.scores],
    }


def call_hash(scan: Scan, render: Render, call: Call) -> str:
    """Sixteen hex digits over `call_parts`."""
    return digest(call_parts(scan, render, call))


def score_hash(task: TaskPlan, scan: Scan, read: Read) -> str:
    """Sixteen hex digits over `score_parts`."""
    return digest(score_parts(task, scan, read))


def plan_hash(plan: Plan) -> str:
    """Sixteen hex digits over the whole plan but where its specs lie."""
    return digest(plan)
