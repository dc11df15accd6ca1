"""`from ...` after the type of a field: how the data write it, where that is not the usual way."""

from __future__ import annotations

from typing import Any

import attrs

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.scope import Scope
from medspec.check.structured_types import read_frame
from medspec.check.types import is_unknown
from medspec.syntax import tree
from medspec.types import (
    AbstainType,
    BoxType,
    ChoiceType,
    Convention,
    EnumType,
    ListType,
    OptionalType,
    RankingType,
    SetType,
    SpanType,
    Type,
    UnknownType,
)
from medspec.types import enum as enums
from medspec.types import set as sets
from medspec.types import span as spans
from medspec.types import turns as talks
from medspec.types.turns import TurnsType

_CHOICES = ("letter", "index", "text")

_WAYS = {
    "choice": (
        "this is no way of writing a choice",
        "write `from letter`, `from text`, `from index` (0 is the first option) or `from index(1)`",
    ),
    "span": ("this is no way of writing a span", f"write `from {'`, `from '.join(spans.WRITTEN)}`"),
    "set": (
        "this is no way of writing a set",
        'write `from split(";")` for entries in one text, `from mentions` or `from letters` for an enum, '
        "`from instances` for texts out of objects and lists",
    ),
    "enum": ("this is no way of writing a case", "write `from mention` where a text names the case among other words"),
    "turns": ("this is no way of writing a conversation", f"write `from {'`, `from '.join(talks.WRITTEN)}`"),
    "box": ("this is no way of writing a box", "write `from box(xywh, pixel)`, with the order and frame of the data"),
}
_WAYS["ranking"] = _WAYS["choice"]


def convert(type_: Type, conversion: tree.TypeNode | None, scope: Scope) -> Type:
    """`type_` with the way `conversion` says data write it.

    After reporting: `type_` itself where there is nothing to convert, else unknown in the place of what would be converted.
    """
    if conversion is None or is_unknown(type_):
        return type_
    core = type_
    while isinstance(core, ListType | OptionalType | AbstainType) and not isinstance(core, TurnsType):
        core = core.item
    if core.kind not in _WAYS:
        title = f"`{type_.spelled}` has only one way of being written in data"
        scope.report.add("E0301", title, (conversion.place, "nothing to convert from"))
        return type_
    found = _converted(core, conversion, scope)
    if found is None:
        title, help_ = _WAYS[core.kind]
        scope.report.add("E0301", title, conversion.place, helps=[help_])
        return _replaced(type_, core, UnknownType())
    return _replaced(type_, core, found)


def _replaced(type_: Type, core: Type, found: Type) -> Type:
    if type_ is core:
        return found
    return attrs.evolve(type_, item=_replaced(type_.item, core, found))  # type: ignore


def _converted(core: Type, node: tree.TypeNode, scope: Scope) -> Type | None:
    """The type with its convention; None where the words do not fit."""
    word = node.path.dotted if isinstance(node, tree.NamedType) else ""
    match core:
        case ChoiceType() | RankingType():
            first = _first_index(node)
            if word in _CHOICES or first is not None:
                return attrs.evolve(core, written=word or "index", first=first or 0)
        case SpanType() if word in spans.WRITTEN:
            return attrs.evolve(core, written=word)
        case TurnsType() if word in talks.WRITTEN:
            return attrs.evolve(core, written=word)
        case EnumType() if word in enums.WRITTEN:
            return attrs.evolve(core, written=word)
        case SetType() if word in sets.WRITTEN and core.item.kind == "enum":
            return attrs.evolve(core, written=word)
        case SetType() if word == sets.INSTANCES and core.item.kind == "text":
            return attrs.evolve(core, written=word)
        case SetType():
            separator = _separator(node)
            return None if separator is None else attrs.evolve(core, separator=separator)
        case BoxType() if isinstance(node, tree.RefinedType) and node.name.name == "box":
            return _box(core, node, scope)
    return None


def _first_index(node: tree.TypeNode) -> int | None:
    match node:
        case tree.RefinedType(name, (tree.Argument(None, tree.NumberValue() as number),)) if name.name == "index":
            return int(number.number)
    return None


def _separator(node: tree.TypeNode) -> str | None:
    match node:
        case tree.RefinedType(name, (tree.Argument(None, tree.StringValue(text)),)) if name.name == "split":
            return text or None
    return None


def _box(core: BoxType, node: tree.RefinedType, scope: Scope) -> Type:
    frame = read_frame(node, scope, settings=("width", "height", "first_image"))
    if frame is None:
        return UnknownType()
    given: dict[str, Any] = {}
    for argument in node.arguments:
        if isinstance(argument, tree.Argument) and argument.name is not None:
            value = _setting(argument, scope)
            if value is ABSENT:
                return UnknownType()
            given[argument.name.name] = value
    if ("width" in given) is not ("height" in given):
        title = "an image has a width and a height"
        scope.report.add("E0211", title, node.place, helps=["write `width: w, height: h`, or neither"])
        return UnknownType()
    return attrs.evolve(core, written=Convention(order=frame[0], frame=frame[1], **given))


def _setting(argument: tree.Argument, scope: Scope) -> Any:
    """A number, or (for sizes) the name of a field."""
    assert argument.name is not None
    name, value = argument.name.name, argument.value
    if (
        name != "first_image"
        and isinstance(value, tree.Call)
        and value.arguments is None
        and len(value.path.parts) == 1
    ):
        return value.path.dotted
    kind = "int" if name == "first_image" else "float"
    return read_value(value, Rule(name, kind), scope.report)  # type: ignore[arg-type]
