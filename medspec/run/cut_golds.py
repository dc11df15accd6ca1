"""Golds that hold a text at which replies stop: no reply can be such a gold, and that is said before a model is asked.

A stop text of blanks at the very end does no harm, since blanks around a text are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from medspec.plan.nodes import Plan, TaskPlan
from medspec.run.forms import written
from medspec.run.scan import Rows


def cut_golds(plan: Plan, scored: Mapping[str, Rows]) -> list[str]:
    """A sentence for each stop text of a task whose golds are texts, as their reader writes them, and hold it."""
    return [line for task in plan.tasks if task.scan in scored for line in _of_task(plan, task, scored[task.scan])]


def _of_task(plan: Plan, task: TaskPlan, rows: Rows) -> Iterator[str]:
    stops = [stop for stop in plan.call(task.call).decode.stop if stop]
    if not stops or plan.call(task.call).options is not None or plan.read(task.read).reader.answer.kind != "text":
        return
    counts, first = dict.fromkeys(stops, 0), dict.fromkeys(stops, "")
    golds = 0
    for id, row in zip(rows.ids, rows.rows, strict=True):
        gold = row[task.gold]
        if not isinstance(gold, str):
            continue
        golds += 1
        text = written(plan, task, gold, row)
        for stop in stops:
            before, found, _ = text.partition(stop)
            if found and before.strip() != text.strip():
                counts[stop] += 1
                first[stop] = first[stop] or id
    for stop, count in counts.items():
        if count:
            yield (
                f"{task.name}: {count:,} of {golds:,} gold{'s' * (golds != 1)} {'holds' if count == 1 else 'hold'} the stop text "
                f"{stop!r}, so that no reply can be one of them (row {first[stop]}); replies end before it"
            )
