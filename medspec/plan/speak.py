"""A dialect in a plan: what it changes of a task's prompt, decode settings and reading, and nothing of the rest.

A prompt without boxes is the same whatever a dialect says of boxes, so its call hash is, too. What is left of a dialect
stands with the `Render` and the `Read` it concerns; the conversion itself is done for each row, see `run/speech.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from medspec.backends.base import Decode
from medspec.plan.judge_nodes import BoxForm, Dialect
from medspec.plan.nodes import Read, Render, TurnPlan
from medspec.syntax import template
from medspec.syntax.template import Expression, Piece
from medspec.types import BoxType, ListType, OptionalType, RecordType, Type


def write_for(render: Render, dialect: Dialect) -> Render:
    """`render` with what the dialect says about it."""
    marks = filters_in(render.turns)
    part = Dialect(name=dialect.name, suffix=dialect.suffix, replace=dialect.replace)
    if {"_box", "_boxes"} & marks:
        part = attrs.evolve(
            part,
            boxes_in=dialect.boxes_in,
            hide_boxes=dialect.hide_boxes,
            box_text=dialect.box_text,
            decimals=dialect.decimals,
        )
    if "_image" in marks:
        part = attrs.evolve(part, image=dialect.image, images=dialect.images)
    if render.shots is not None and dialect.boxes is not None:
        part = attrs.evolve(part, boxes=_needed(render.shots.reader.answer, dialect.boxes))
    return attrs.evolve(render, dialect=_or_none(part))


def decode_for(decode: Decode, said: tuple[str, ...], dialect: Dialect) -> Decode:
    """`decode` with the dialect's settings in the place of those that the task does not state itself (`said`)."""
    wanted: dict[str, Any] = {
        "temperature": dialect.temperature,
        "max_tokens": dialect.max_tokens,
        "stop": dialect.stop,
    }
    return attrs.evolve(
        decode, **{key: value for key, value in wanted.items() if value is not None and key not in said}
    )


def read_from(read: Read, dialect: Dialect) -> Read:
    """`read` with what the dialect says about replies."""
    use = read.reader
    if dialect.box_style is not None and use.name == "boxes":
        settings = tuple((key, dialect.box_style if key == "style" else value) for key, value in use.settings)
        use = attrs.evolve(use, settings=settings)
    boxes = None if dialect.boxes is None else _needed(use.answer, dialect.boxes)
    part = Dialect(name=dialect.name, boxes=boxes, strip_before=dialect.strip_before)
    return attrs.evolve(read, reader=use, dialect=_or_none(part))


def type_in(type_: Type, form: BoxForm | None) -> Any:
    """`type_` with its boxes as `form` has them; without a form, as it is."""
    if form is None:
        return type_
    match type_:
        case BoxType():
            return attrs.evolve(type_, order=form.order, frame=form.frame, written=None)
        case ListType() | OptionalType():
            return attrs.evolve(type_, item=type_in(type_.item, form))
        case RecordType():
            return attrs.evolve(
                type_, fields=tuple(attrs.evolve(field, type=type_in(field.type, form)) for field in type_.fields)
            )
    return type_


def boxes_in(type_: Type) -> Iterator[BoxType]:
    """Every type of boxes in `type_`."""
    if isinstance(type_, BoxType):
        yield type_
    for child in type_.children:
        yield from boxes_in(child)


def filters_in(turns: Iterable[TurnPlan]) -> set[str]:
    """The names of all filters in a prompt."""
    return {name for turn in turns for name in _in_pieces(turn.pieces)}


def _needed(type_: Type, form: BoxForm) -> BoxForm | None:
    """`form` where it differs from what the boxes of `type_` are anyway."""
    own = {BoxForm(order=box.order, frame=box.frame) for box in boxes_in(type_)}
    return None if own <= {form} else form


def _or_none(part: Dialect) -> Dialect | None:
    return None if part == Dialect(name=part.name) else part


def _in_pieces(pieces: Iterable[Piece]) -> Iterator[str]:
    for piece in pieces:
        match piece:
            case template.Output(expression):
                yield from _in_expression(expression)
            case template.If(branches, otherwise):
                for test, body in branches:
                    yield from _in_expression(test)
                    yield from _in_pieces(body)
                yield from _in_pieces(otherwise)
            case template.For(_, over, body):
                yield from _in_expression(over)
                yield from _in_pieces(body)


def _in_expression(expression: Expression) -> Iterator[str]:
    match expression:
        case template.Filter(target, name):
            yield name
            yield from _in_expression(target)
        case template.Attribute(target) | template.Item(target):
            yield from _in_expression(target)
        case template.Compare(left, _, right):
            yield from _in_expression(left)
            yield from _in_expression(right)
        case template.Logic(_, terms):
            for term in terms:
                yield from _in_expression(term)
