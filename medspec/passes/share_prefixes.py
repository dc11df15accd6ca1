"""Ask calls together, row by row, whose prompts begin alike with the same part of the row.

    c1 of s1: "{{ note }} Which drug?"   c2 of s1: "{{ note }} Which dose?"   =>   asked together: c1 c2

A model that keeps what it has computed of the last prompt then reads each note once and not once for each call. What is
the same for all rows (a system turn, shots, the words before the first hole) is shared by the rows of a call in any case.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from medspec.plan.canonical import Canonical
from medspec.plan.fold import names_in
from medspec.plan.form import digest
from medspec.plan.nodes import Call, FieldRef, Plan, Render, Wave
from medspec.syntax import template


def share_prefixes(plan: Plan) -> Plan:
    """`plan` with its calls in waves. Calls that draw several replies for a row stay by themselves."""
    waves: list[Wave] = []
    begins: list[tuple[str, tuple[str, ...]]] = []
    for call in plan.calls:
        render = plan.render(call.render)
        begin = (render.scan, tuple(_beginning(render)))
        place = next((i for i, other in enumerate(begins) if _together(plan, call, waves[i]) and begin == other), None)
        if place is None or not begin[1]:
            waves.append(Wave(calls=(call.id,)))
            begins.append(begin)
        else:
            waves[place] = attrs.evolve(waves[place], calls=(*waves[place].calls, call.id))
    return attrs.evolve(plan, waves=tuple(waves))


def _together(plan: Plan, call: Call, wave: Wave) -> bool:
    return all(one.repeats == 1 for one in (call, *(plan.call(id) for id in wave.calls)))


def _beginning(render: Render) -> Iterator[str]:
    """Digests of the pieces up to the first hole that is filled from the row; nothing where there is none.

    Names do not count: a hole is what fills it.
    """
    bindings = {name: digest(bound) for name, bound in render.bindings}
    fields = {name for name, bound in render.bindings if isinstance(bound, FieldRef)}
    found = [digest(render.shots)]
    # Shots stand behind the system turns.
    for turn in sorted(render.turns, key=lambda turn: turn.role != "system"):
        if turn.file is not None:
            return
        found.append(turn.role)
        for piece in Canonical(dict(bindings)).pieces(turn.pieces):
            found.append(digest(piece))
            if not isinstance(piece, template.Text) and names_in(piece) & {bindings[name] for name in fields}:
                yield from found
                return
