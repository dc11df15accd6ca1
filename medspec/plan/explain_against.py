"""What an earlier run, or an earlier plan, leaves to be done: for each task what is asked again, what is scored again.

= medqa_5shot @2      1,273 rows   nothing to do
~ clinical_ner @1       842 rows   score again, replies reused
      metric span_f1 version 1 -> 2
! note_summary @1       842 rows   ask the model again
      prompt read_note, user turn, line 3: text changed
to do: 842 calls of the model, 842 replies to score again
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from medspec.plan.changes import Change
from medspec.plan.diff import Difference, diff
from medspec.plan.nodes import Plan, TaskPlan
from medspec.plan.state import state_of_plan

LEGEND = {"=": "nothing to do", "~": "score again, replies reused", "!": "ask the model again", "+": "new", "-": "gone"}


@attrs.frozen(kw_only=True)
class Work:
    """What becomes of one task. `calls` is how many replies it takes (None: not known), `mark` one of `LEGEND`."""

    task: str
    mark: str
    calls: int | None
    call: str = ""
    """The call of the new plan that it takes, which several tasks may share."""
    changes: tuple[Change, ...] = ()
    shared: str | None = None
    """A task of the earlier run that asked the same: its replies are reused."""


def work_against(plan: Plan, before: Plan, rows: Mapping[str, int]) -> list[Work]:
    """Every task of either plan. `rows` is how many rows the tasks of the earlier run had; {} for a plan alone."""
    found = [one for one in diff(state_of_plan(before), state_of_plan(plan)) if not one.is_suite]
    asked: dict[str, list[str]] = {}
    for task in before.tasks:
        asked.setdefault(task.call_hash, []).append(task.name)
    new = {task.name: task for task in plan.tasks}
    return [_work(one, plan, new.get(one.name), asked, rows) for one in found]


def _work(
    one: Difference, plan: Plan, task: TaskPlan | None, asked: Mapping[str, list[str]], rows: Mapping[str, int]
) -> Work:
    if task is None:
        return Work(task=one.name, mark="-", calls=None)
    names = asked.get(task.call_hash, [])
    source = one.name if one.name in names else next(iter(names), None)
    count = rows.get(source or one.old_name or one.name)
    calls = None if count is None else count * plan.call(task.call).repeats
    shared = source if source not in (None, one.name) else None
    if one.kind == "data" or source is None:
        mark = "+" if one.mark == "+" else "!"
    elif one.mark == "+" or one.kind in ("call", "score"):
        mark = "~"
    else:
        mark = "="
    return Work(task=one.name, mark=mark, calls=calls, call=task.call, changes=one.changes, shared=shared)


def against_text(work: Sequence[Work], plan: Plan, name: str) -> str:
    """The list, with reasons and what is left to do; `name` is what it is compared with."""
    versions = {task.name: task.version for task in plan.tasks}
    titles = {
        one.task: one.task if versions.get(one.task) is None else f"{one.task} @{versions[one.task]}" for one in work
    }
    width = max((len(title) for title in titles.values()), default=0)
    lines = [f"against {name}", ""]
    for one in work:
        count = "" if one.calls is None else f"{one.calls:,} {'call' if one.calls == 1 else 'calls'}"
        lines.append(f" {one.mark} {titles[one.task]:<{width}}  {count:>14}   {_fate(one)}".rstrip())
        lines += _reasons(one)
    legend = "   ".join(f"{mark} {meaning}" for mark, meaning in LEGEND.items())
    return "\n".join([*lines, "", f"to do: {_to_do(work)}", f"legend  {legend}"]) + "\n"


def against_json(work: Sequence[Work]) -> list[dict[str, Any]]:
    """The same content as plain values."""
    return [
        {
            "task": one.task,
            "mark": one.mark,
            "to_do": LEGEND[one.mark],
            "calls": one.calls,
            "replies_of": one.shared,
            "changes": [change.what for change in one.changes],
        }
        for one in work
    ]


def _fate(one: Work) -> str:
    if one.mark == "+":
        return "never run"
    of = f" (those of {one.shared})" if one.shared is not None else ""
    return LEGEND[one.mark] + of


def _reasons(one: Work) -> Iterator[str]:
    if one.mark in "=-":
        return
    for change in one.changes:
        if change.kind in ("cosmetic", "report"):
            continue
        yield f"       {change.what}"
        yield from (f"       - {line}".rstrip() for line in change.removed)
        yield from (f"       + {line}".rstrip() for line in change.added)


def _to_do(work: Sequence[Work]) -> str:
    parts = []
    for marks, what in (("!+", "calls of the model"), ("~", "replies to score again")):
        some = [one for one in work if one.mark in marks]
        if not some:
            continue
        # Tasks that share a call are asked once.
        known = sum({one.call: one.calls for one in some if one.calls is not None}.values())
        unknown = [one.task for one in some if one.calls is None]
        if known:
            parts.append(f"{known:,} {what}")
        if unknown:
            parts.append(f"{what} of {', '.join(unknown)}, whose rows are not counted yet")
    return "; ".join(parts) or "nothing"
