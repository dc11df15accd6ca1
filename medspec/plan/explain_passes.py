"""What each pass changed, as a table: what it counts before and after, and what that was.

pass            before    after     changed
fold-prompts    9 holes   6 holes   3,512 characters became fixed
merge-calls     7 calls   5 calls   c3, c6
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from medspec.plan.nodes import Constant, Plan
from medspec.plan.optimise import PASSES, Step
from medspec.syntax import template
from medspec.syntax.template import Piece

_SHOWN = 6

_TITLES = ("pass", "before", "after", "changed")


def explain_passes(taken: Sequence[Step]) -> str:
    """The table of passes that were run; those that were left out are named below it."""
    rows = [_TITLES, *(_row(step) for step in taken), ("verify", "ok", "ok", "after each pass")]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        (" " + "   ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])).rstrip()
        for row in rows
    ]
    left_out = [name for name, _ in PASSES if name not in {step.name for step in taken}]
    if left_out:
        lines.append(f" left out: {', '.join(left_out)}")
    return "\n".join(lines) + "\n"


def passes_json(taken: Sequence[Step]) -> list[dict[str, Any]]:
    """The same content as plain values."""
    return [dict(zip(_TITLES, _row(step), strict=True)) for step in taken]


def _row(step: Step) -> tuple[str, str, str, str]:
    counted = _COUNTED.get(step.name)
    if counted is None:
        return step.name, "-", "-", "changed" if step.after != step.before else "-"
    count, changed = counted
    return step.name, count(step.before), count(step.after), "-" if step.after == step.before else changed(step)


def _holes(plan: Plan) -> str:
    pieces = [piece for render in plan.renders for turn in render.turns for piece in turn.pieces]
    return _many(sum(map(_open, pieces)), "hole")


def _open(piece: Piece) -> int:
    """How many values a piece prints or decides by, those inside of it counted too."""
    match piece:
        case template.Text():
            return 0
        case template.If(branches, otherwise):
            return len(branches) + sum(map(_open, (*otherwise, *(one for _, body in branches for one in body))))
        case template.For():
            return 1 + sum(map(_open, piece.body))
    return 1


def _fixed(plan: Plan) -> int:
    return sum(
        len(piece.text)
        for render in plan.renders
        for turn in render.turns
        for piece in turn.pieces
        if isinstance(piece, template.Text)
    )


def _folded(step: Step) -> str:
    more = _fixed(step.after) - _fixed(step.before)
    known = sum(isinstance(bound, Constant) for render in step.before.renders for _, bound in render.bindings)
    said = f"{known:,} known {'value' if known == 1 else 'values'} written into the texts"
    return f"{said}, {more:,} characters more are fixed" if more > 0 else said


def _parameters(plan: Plan) -> str:
    return _many(sum(len(render.bindings) for render in plan.renders), "parameter")


def _dropped(step: Step) -> str:
    left = {render.id: {name for name, _ in render.bindings} for render in step.after.renders}
    return _listed(
        f"{name} of {render.prompt}"
        for render in step.before.renders
        for name, _ in render.bindings
        if name not in left.get(render.id, set())
    )


def _merged(step: Step) -> str:
    into = {task.name: task.call for task in step.after.tasks}
    gone = {call.id for call in step.before.calls} - {call.id for call in step.after.calls}
    return _listed(f"{task.name} takes {into[task.name]}" for task in step.before.tasks if task.call in gone)


def _columns(plan: Plan) -> str:
    return _many(sum(len(scan.record.fields) for scan in plan.scans), "field")


def _unread(step: Step) -> str:
    found = []
    for before, after in zip(step.before.scans, step.after.scans, strict=True):
        kept = {field.name for field in after.record.fields}
        gone = [field.name for field in before.record.fields if field.name not in kept]
        if gone:
            found.append(f"{before.dataset}.{before.split}: {_listed(gone)}")
    return "not read: " + "; ".join(found)


def _together(plan: Plan) -> str:
    return f"{sum(len(wave.calls) for wave in plan.waves if len(wave.calls) > 1)} together"


def _shared(step: Step) -> str:
    found = _listed(" + ".join(wave.calls) for wave in step.after.waves if len(wave.calls) > 1)
    return f"begin with the same part of a row: {found}" if found else "-"


def _order(plan: Plan) -> str:
    return "by prompt" if any(wave.by_prompt for wave in plan.waves) else "data order"


_COUNTED: dict[str, tuple[Callable[[Plan], str], Callable[[Step], str]]] = {
    "fold-prompts": (_holes, _folded),
    "drop-unused": (_parameters, _dropped),
    "merge-calls": (lambda plan: _many(len(plan.calls), "call"), _merged),
    "push-columns": (_columns, _unread),
    "share-prefixes": (_together, _shared),
    "order-rows": (_order, lambda step: "rows whose prompts begin alike are neighbours"),
}
"""Of each pass: what it counts, and what it changed in words."""


def _listed(names: Iterator[str] | Sequence[str]) -> str:
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _many(number: int, word: str) -> str:
    return f"{number:,} {word if number == 1 else word + 's'}"
