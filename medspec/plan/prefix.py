"""What prompts begin with: the same for all rows, or the same part of each row.

system "You are a nurse."  user "{{ note }} Which drug?"     begins with  "You are a nurse.", then the note
"""

from __future__ import annotations

from collections.abc import Iterator

from medspec.plan.canonical import Canonical
from medspec.plan.fold import names_in
from medspec.plan.form import digest
from medspec.plan.nodes import FieldRef, Render
from medspec.syntax import template


def row_beginning(render: Render) -> Iterator[str]:
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
