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
from medspec.plan.judge_nodes import Dialect
from medspec.plan.nodes import Constant, FieldRef, Render, ShotRows, Shots
from medspec.plan.speak import type_in
from medspec.readers import find_reader
from medspec.run.speech import Sizes, speak, to_model, write_boxes
from medspec.syntax.filters import IMAGE_CLOSES, IMAGE_OPENS
from medspec.syntax.render_template import renderer
from medspec.types import RecordType
from medspec.types.box_frames import Size

Turns = tuple[Message, ...]

NO_RECORD = RecordType("", ())
"""For prompts without boxes."""


def turn_maker(
    render: Render, shot_rows: tuple[dict[str, Any], ...] = (), record: RecordType = NO_RECORD
) -> Callable[[Mapping[str, Any]], Turns]:
    """A function from one row of `record` to its own turns. Raises `Unrenderable`, as templates do.

    Boxes are written as the model's family has them: `Misfit` is raised where that needs a size nobody knows. `shot_rows`
    are for prompts that show the shots in their own text.
    """
    constants = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    fields = tuple((name, bound.field) for name, bound in render.bindings if isinstance(bound, FieldRef))
    constants.update(dict.fromkeys(_shown_by_prompt(render), shot_rows))
    turns = tuple((turn.role, renderer(turn.pieces)) for turn in render.turns)

    field_of, sizes = dict(fields), Sizes(record)

    def own(row: Mapping[str, Any]) -> Turns:
        values = dict(constants)
        for name, field in fields:
            values[name] = row[field]

        def size(of: str, image: int | None) -> Size:
            return sizes.of(row, field_of[of], image)

        return tuple(_message(role, write_boxes(text(values), render.dialect, size)) for role, text in turns)

    return own


def shot_adder(
    render: Render, shot_rows: tuple[dict[str, Any], ...] = (), record: RecordType = NO_RECORD
) -> Callable[[Turns], Turns]:
    """A function from the turns of a row to all that is sent: with the turns of the shots where they belong.

    Raises `Unrenderable` and `Misfit` for a shot that cannot be written.
    """
    dialect = render.dialect
    if render.shots is None or _shown_by_prompt(render) or not shot_rows:
        return lambda own: speak(own, dialect)
    write = turn_maker(render, shot_rows, record)
    answers = shot_writer(render.shots, dialect, record)
    shots = tuple(
        message
        for row in shot_rows
        for message in (*(turn for turn in write(row) if turn.role != "system"), Message("assistant", answers(row)))
    )
    if all(turn.role != "system" for turn in render.turns):
        return lambda own: speak((*shots, *own), dialect)

    def with_shots(own: Turns) -> Turns:
        system = tuple(message for message in own if message.role == "system")
        return speak((*system, *shots, *(message for message in own if message.role != "system")), dialect)

    return with_shots


def _shown_by_prompt(render: Render) -> list[str]:
    return [name for name, bound in render.bindings if isinstance(bound, ShotRows)]


def shot_writer(shots: Shots, dialect: Dialect | None, record: RecordType) -> Callable[[Mapping[str, Any]], str]:
    """A function from the row of a shot to its answer, as the model's family would write it."""
    use = shots.reader
    reader = find_reader(use.name)
    if reader is None:
        raise InternalError(f"there is no reader `{use.name}`")
    form, sizes, settings = None if dialect is None else dialect.boxes, Sizes(record), dict(use.settings)

    def write(row: Mapping[str, Any]) -> str:
        gold = row[shots.gold]
        if form is not None:
            gold = to_model(gold, use.answer, form, row, sizes)
        return reader.encode(gold, type_in(use.answer, form), row, settings)

    return write


_IMAGE = re.compile(f"{IMAGE_OPENS}([^{IMAGE_OPENS}{IMAGE_CLOSES}]*){IMAGE_CLOSES}")


def _message(role: str, text: str) -> Message:
    """A turn with its images taken out of the text."""
    if IMAGE_OPENS not in text:
        return Message(role, text)
    return Message(role, _IMAGE.sub(IMAGE, text), tuple(map(Picture, _IMAGE.findall(text))))
