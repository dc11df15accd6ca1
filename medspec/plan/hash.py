"""The two hashes of a task: what is sent, and how it is scored.

call hash    everything that changes bytes sent to the model: which rows, the folded prompt, options, decode settings
score hash   everything that changes numbers from the same replies: reader, gold, metrics and their versions, unread policy
both         what a dialect of the model's family makes of the prompt, and of the reply
in neither   comments, doc texts, spacing, the names of prompts, their parameters and loops, of datasets, splits and tasks,
             metrics' labels, weights, intervals
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medspec.plan.canonical import Canonical
from medspec.plan.fold import fold
from medspec.plan.form import digest
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.judged import verdict_parts
from medspec.plan.nodes import (
    Call,
    Constant,
    FieldRef,
    FromPath,
    Plan,
    Read,
    Render,
    Scan,
    Score,
    ShotRows,
    TaskPlan,
    TextFile,
)
from medspec.types import anchors


def call_parts(scan: Scan, render: Render, call: Call, shot_scan: Scan | None = None) -> dict[str, Any]:
    """What goes into the call hash, by name: kept as data so that two hashes can be compared part by part."""
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    canonical = Canonical()
    if any(turn.file is not None for turn in render.turns):
        # A text from a file names the parameters itself, so here their names are part of what is written.
        canonical.names.update({name: name for name, _ in render.bindings})
    turns = [[turn.role, canonical.pieces(fold(turn.pieces, known)), turn.file] for turn in render.turns]
    open_bindings = {name: bound for name, bound in render.bindings if name in canonical.names and name not in known}
    filled = {canonical.names[name]: bound for name, bound in open_bindings.items()}
    fields = {name: bound.field for name, bound in filled.items() if isinstance(bound, FieldRef)}
    # Options that are scored are sent, whether or not the prompt shows them.
    scored = sorted(anchors(call.options.answer)) if call.options is not None else []
    return {
        "rows": _rows_parts(scan, {**fields, **{f"options {index}": name for index, name in enumerate(scored)}}),
        "turns": turns,
        "texts": {name: bound for name, bound in sorted(filled.items()) if isinstance(bound, TextFile | ShotRows)},
        "shots": None if shot_scan is None else _shot_parts(shot_scan, render, fields),
        "decode": [call.decode, call.repeats] if call.options is None else None,
        "options": call.options,
        **({} if render.dialect is None else {"dialect": render.dialect}),
    }


def _rows_parts(scan: Scan, fields: Mapping[str, str]) -> dict[str, Any]:
    """Which rows, and for each name that is filled from them: from which column, read as which type."""
    return {
        "source": scan.source,
        "keep": [[_column(scan, keep.field), keep.ids, keep.negate] for keep in scan.keep],
        # Parts and seeded shots are chosen by id.
        "part": None if scan.part is None else [scan.part, _column(scan, scan.id_field)],
        "fields": {name: _column(scan, field) for name, field in sorted(fields.items())},
    }


def _shot_parts(scan: Scan, render: Render, fields: Mapping[str, str]) -> dict[str, Any]:
    assert render.shots is not None
    shots = render.shots
    shown = dict(fields)
    if any(isinstance(bound, ShotRows) for _, bound in render.bindings):
        # The prompt's own text takes what it wants of each shot, by the name of the field.
        shown.update({f"shot {field.name}": field.name for field in scan.record.fields})
    return {
        "rows": _rows_parts(scan, shown),
        "pick": [shots.count, shots.pick, shots.seed, shots.ids],
        "id": None if shots.pick == "first" else _column(scan, scan.id_field),
        "gold": _column(scan, shots.gold),
        "distinct_by": None if shots.distinct_by is None else _column(scan, shots.distinct_by),
        "written_by": shots.reader,
    }


def _column(scan: Scan, field: str | None) -> Any:
    """Where a field comes from and how it is read, with the fields it is anchored in; None: the row number."""
    if field is None:
        return None
    found = scan.record.field(field)
    assert found is not None, f"{scan.id} has no field {field}"
    anchored = [_column(scan, name) for name in sorted(anchors(found.type)) if name != field]
    return [dict(scan.columns).get(field, FromPath(field)), found.type, anchored]


def score_parts(task: TaskPlan, scan: Scan, read: Read) -> dict[str, Any]:
    """What goes into the score hash, by name."""
    # Replies stay what they are: an erratum moves what they are compared with, and which of them count.
    errata = {} if scan.errata is None else {"errata": [scan.errata.path, scan.errata.version]}
    return {
        **errata,
        "reader": read.reader,
        "unread": read.unread,
        "gold": _column(scan, task.gold),
        "metrics": [_metric_parts(score, scan) for score in task.scores],
        **({} if read.dialect is None else {"dialect": read.dialect}),
    }


def _metric_parts(score: Score, scan: Scan) -> list[Any]:
    """What a metric computes; where it looks only if that is not the whole answer and gold."""
    parts: list[Any] = [score.metric, score.settings, score.version]
    if score.fields:
        parts.append({setting: _column(scan, field) for setting, field in score.fields})
    if isinstance(score.value, VerdictValue):
        return [*parts, score.on, verdict_parts(score.value, lambda field: _column(scan, field))]
    return parts if not score.on and score.value is None else [*parts, score.on, score.value]


def call_hash(scan: Scan, render: Render, call: Call, shot_scan: Scan | None = None) -> str:
    """Sixteen hex digits over `call_parts`."""
    return digest(call_parts(scan, render, call, shot_scan))


def score_hash(task: TaskPlan, scan: Scan, read: Read) -> str:
    """Sixteen hex digits over `score_parts`."""
    return digest(score_parts(task, scan, read))


def plan_hash(plan: Plan) -> str:
    """Sixteen hex digits over the whole plan but where its specs lie."""
    return digest(plan)
