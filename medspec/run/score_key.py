"""What the numbers of a task depend on, as one key: equal keys, equal numbers.

Plan, reader, metrics and their versions, interval; the rows with their golds, fields and clusters; the replies; what judges
ruled; and what computes: medspec's own code, the packages and the machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from medspec.backends.base import Reply
from medspec.plan.encoders import encoders_of
from medspec.plan.form import digest
from medspec.plan.judge_nodes import judges_of
from medspec.plan.nodes import Interval, Plan, Scan, TaskPlan
from medspec.run.jointly import rows_key
from medspec.run.judging.values import Judged
from medspec.run.scan import Rows
from medspec.types import Type


def score_key(
    plan: Plan, task: TaskPlan, rows: Rows, replies: Sequence[Reply], judged: Mapping[str, Judged], interval: Interval
) -> str | None:
    """Hex sha256 over all that can move a number of `task`, but for what computes it; None for tasks with encoders.

    A report says how many texts an encoder saw, which nobody knows who did not compute the numbers.
    """
    if encoders_of(task):
        return None
    scan, read = plan.scan(task.scan), plan.read(task.read)
    # Names of tasks and prompts are in none of these; a score's label is, since the numbers stand under it.
    asked = [
        task.score_hash,
        task.gold,
        task.scores,
        read,
        scan,
        plan.call(task.call).repeats,
        interval,
        plan.slice_rows,
    ]
    found = sha256(digest(asked).encode())
    errata = None if rows.errata is None else rows.errata["sha256"]
    # The digests of the files and the ids of the rows, with how the plan reads them, decide what the rows hold.
    found.update(json.dumps([rows_key(rows), rows.others_digest(), errata, len(rows.quarantined)]).encode())
    if _shows_images(scan):
        # But for boxes in pixels, which are read by the size of an image.
        for row in rows.rows:
            found.update(json.dumps(scan.record.to_json(row)).encode())
    for reply in replies:
        found.update(repr((reply.text, reply.scores, reply.finish, reply.failure)).encode())
    for label, one in judged.items():
        type_ = judges_of(one.value)[0].reader.answer
        said = [[[r.outcome, r.reason, r.disagreed, _json(type_, r.verdict)] for r in row] for row in one.rulings]
        found.update(json.dumps([label, said]).encode())
    return found.hexdigest()


def aggregates_key(plan: Plan, keys: Mapping[str, str | None]) -> str | None:
    """The key of the aggregates of a plan, from those of its tasks; None where one of them has none."""
    if None in keys.values():
        return None
    asked = [plan.aggregates, plan.interval, [plan.interval_of(entry) for entry in plan.aggregates], dict(keys)]
    return sha256(digest(asked).encode()).hexdigest()


def _json(type_: Type, verdict: Any) -> Any:
    return None if verdict is None else type_.to_json(verdict)


def _shows_images(scan: Scan) -> bool:
    return any(_holds_image(field.type) for field in scan.record.fields)


def _holds_image(type_: Type) -> bool:
    return type_.kind == "image" or any(map(_holds_image, type_.children))
