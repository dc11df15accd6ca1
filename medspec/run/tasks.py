"""From replies to a task's result: answers read, counted and scored, one line per row for `rows.parquet`."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs

from medspec.backends.base import Reply
from medspec.errors import InternalError
from medspec.metrics.base import Batch
from medspec.plan.nodes import Interval, Plan, Read, TaskPlan
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run.scan import Rows
from medspec.run.score import score_task
from medspec.run.slices import score_slices
from medspec.types import BooleanType, ChoiceType, EnumType, Type

FAILED = "failed"
"""The reason of an answer that could not be read because there is no reply."""

REFUSED = "refused"


@attrs.frozen
class TaskResult:
    """The entry of a task in `report.json`, and its columns for `rows.parquet`."""

    report: dict[str, Any]
    columns: dict[str, list[Any]]


def read_reply(reply: Reply, read: Read, row: dict[str, Any]) -> Any:
    """The typed answer in one reply, or `Unread`. Never raises for a reply."""
    reader = find_reader(read.reader.name)
    if reader is None:
        raise InternalError(f"there is no reader `{read.reader.name}`")
    settings = dict(read.reader.settings)
    if reply.failure is not None:
        return Unread(FAILED, reply.text)
    if reader.asks == "logits":
        if reply.scores is None or reader.decode_scores is None:
            return Unread("needs_scores", reply.text)
        return reader.decode_scores(reply.scores, read.reader.answer, row, settings)
    return reader.decode(reply.text, read.reader.answer, row, settings)


def finish_task(plan: Plan, task: TaskPlan, rows: Rows, replies: Sequence[Reply], interval: Interval) -> TaskResult:
    """Read, count and score the replies of one task."""
    read, scan = plan.read(task.read), plan.scan(task.scan)
    answers = [read_reply(reply, read, row) for reply, row in zip(replies, rows.rows, strict=True)]
    golds = [row[task.gold] for row in rows.rows]
    batch = Batch(read.reader.answer, answers, golds)
    scored = score_task(task.scores, batch, interval, unread_policy=read.unread)
    slices = score_slices(
        scan.slices,
        rows.rows,
        task.scores,
        batch,
        interval,
        unread_policy=read.unread,
        smallest=plan.slice_rows,
    )
    reasons = [answer.reason if isinstance(answer, Unread) else None for answer in answers]
    failures = Counter(reply.failure for reply in replies if reply.failure is not None)
    unread = Counter(reason for reason in reasons if reason not in (None, FAILED, REFUSED))
    report = {
        "rows": len(rows.rows),
        "unread": sum(unread.values()) / len(rows.rows) if rows.rows else 0.0,
        "unread_reasons": dict(sorted(unread.items())),
        "refused": reasons.count(REFUSED),
        "failed": sum(failures.values()),
        "failures": dict(sorted(failures.items())),
        "truncated": sum(reply.finish == "length" for reply in replies),
        "primary": next(score.label for score in task.scores if score.primary),
        "version": task.version,
        "call_hash": task.call_hash,
        "score_hash": task.score_hash,
        "data": {"file": rows.file.name, "sha256": rows.digest, "split": scan.split, "subset": scan.subset},
        "license": scan.license,
        "unread_policy": read.unread,
        "waivers": dict(task.waivers),
        "chance": chance(read.reader.answer, rows.rows),
        "metrics": scored.metrics,
        "slices": slices,
        "references": {r.name: {**dict(r.figures), "source": r.source} for r in task.references},
    }
    type_ = read.reader.answer
    columns: dict[str, list[Any]] = {
        "task": [task.name] * len(answers),
        "row_id": rows.ids,
        "sample": [0] * len(answers),
        "prompt_sha256": [reply.prompt_sha256 for reply in replies],
        # The text of private rows stays in the journal on this machine.
        "reply": [None if scan.private or reply.scores is not None else reply.text for reply in replies],
        "option_scores": [None if reply.scores is None else list(reply.scores) for reply in replies],
        "answer": [None if isinstance(a, Unread) else _json(type_.to_json(a)) for a in answers],
        "gold": [_json(type_.to_json(gold)) for gold in golds],
        "unread": reasons,
        "failure": [reply.failure for reply in replies],
        "finish": [reply.finish for reply in replies],
        "tokens_in": [reply.tokens_in for reply in replies],
        "tokens_out": [reply.tokens_out for reply in replies],
        "seconds": [reply.seconds for reply in replies],
    }
    for label, found in scored.per_row.items():
        columns[f"metric.{label}"] = [None if value != value else float(value) for value in found]
    return TaskResult(report, columns)


def chance(type_: Type, rows: list[dict[str, Any]]) -> float | None:
    """The accuracy of guessing among the possible answers, each as likely; None where they are not few and known."""
    if isinstance(type_, BooleanType):
        return 0.5
    if isinstance(type_, EnumType):
        return 1 / len(type_.cases)
    if isinstance(type_, ChoiceType) and rows:
        return math.fsum(1 / len(row[type_.of]) for row in rows) / len(rows)
    return None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
