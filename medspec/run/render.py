"""The prompts of a plan: rows in, messages out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from medspec.backends.base import Message
from medspec.plan.nodes import Constant, FieldRef, Render
from medspec.syntax.render_template import renderer

MakeMessages = Callable[[Mapping[str, Any]], tuple[Message, ...]]


def message_maker(render: Render) -> MakeMessages:
    """A function from one row to its messages. Raises `Unrenderable`, as templates do."""
    constants = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    fields = tuple((name, bound.field) for name, bound in render.bindings if isinstance(bound, FieldRef))
    turns = tuple((turn.role, renderer(turn.pieces)) for turn in render.turns)

    def messages(row: Mapping[str, Any]) -> tuple[Message, ...]:
        values = dict(constants)
        for name, field in fields:
            values[name] = row[field]
        return tuple(Message(role, text(values)) for role, text in turns)

    return messages
