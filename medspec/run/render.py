"""The prompts of a plan: rows in, messages out.

With shots: the system turns of the row that is asked, then each shot as the prompt's other turns with the answer that the
reader writes for its gold, then the turns of the row. Where a parameter takes the shots, the prompt's own text shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from medspec.backends.base import IMAGE, Message, Picture
from medspec.errors import InternalError
from medspec.plan.nodes import Constant, FieldRef, Render, ShotRows, Shots
from medspec.readers import find_reader
from medspec.syntax.filters import IMAGE_CLOSES, IMAGE_OPENS
from medspec.syntax.render_template import renderer

Turns = tuple[Message, ...]


def turn_maker(render: Render, shot_rows: tuple[dict[str, Any], ...] = ()) -> Callable[[Mapping[str, Any]], Turns]:
    """A function from one row to its own turns. Raises `Unrenderable`, as templates do.

    `shot_rows` are for prompts that show the shots in their own text.
    """
    constants = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    fields = tuple((name, bound.field) for name, bound in render.bindings if isinstance(bound, FieldRef))
    constants.update(dict.fromkeys(_shown_by_prompt(render), shot_rows))
    turns = tuple((turn.role, renderer(turn.pieces)) for turn in render.turns)

    def own(row: Mapping[str, Any]) -> Turns:
        values = dict(constants)
        for name, field in fields:
            values[name] = row[field]
        return tuple(_message(role, text(values)) for role, text in turns)

    return own


def shot_adder(render: Render, shot_rows: tuple[dict[str, Any], ...] = ()) -> Callable[[Turns], Turns]:
    """A function from the turns of a row to all that is sent: with the turns of the shots where they belong.

    Raises `Unrenderable` and `Misfit` for a shot that cannot be written.
    """
    if render.shots is None or _shown_by_prompt(render) or not shot_rows:
        return lambda own: own
    write = turn_maker(render, shot_rows)
    shots = tuple(message for row in shot_rows for message in _shot(write(row), row, render.shots))
    if all(turn.role != "system" for turn in render.turns):
        return lambda own: (*shots, *own)

    def with_shots(own: Turns) -> Turns:
        system = tuple(message for message in own if message.role == "system")
        return (*system, *shots, *(message for message in own if message.role != "system"))

    return with_shots


def _shown_by_prompt(render: Render) -> list[str]:
    return [name for name, bound in render.bindings if isinstance(bound, ShotRows)]


def _shot(own: tuple[Message, ...], row: dict[str, Any], shots: Shots) -> tuple[Message, ...]:
    use = shots.reader
    reader = find_reader(use.name)
    if reader is None:
        raise InternalError(f"there is no reader `{use.name}`")
    answer = reader.encode(row[shots.gold], use.answer, row, dict(use.settings))
    return (*(message for message in own if message.role != "system"), Message("assistant", answer))


_IMAGE = re.compile(f"{IMAGE_OPENS}([^{IMAGE_OPENS}{IMAGE_CLOSES}]*){IMAGE_CLOSES}")


def _message(role: str, text: str) -> Message:
    """A turn with its images taken out of the text."""
    if IMAGE_OPENS not in text:
        return Message(role, text)
    return Message(role, _IMAGE.sub(IMAGE, text), tuple(map(Picture, _IMAGE.findall(text))))
