"""The smaller nodes of the syntax tree: names, values and types. See `tree.py` for what holds of all of them."""

from __future__ import annotations

from typing import Any

import attrs

from medspec.text.source import Place


def place_field() -> Any:
    return attrs.field(eq=False, repr=False)


@attrs.frozen
class Ident:
    """One name as it stands in the text."""

    name: str
    place: Place = place_field()


@attrs.frozen
class Path:
    """Names joined by dots."""

    parts: tuple[Ident, ...]
    place: Place = place_field()

    @property
    def dotted(self) -> str:
        return ".".join(part.name for part in self.parts)


# Values


@attrs.frozen
class StringValue:
    text: str
    place: Place = place_field()


@attrs.frozen
class NumberValue:
    """`written` is the number as it stands in the text, so `1.10` stays `1.10`."""

    written: str
    place: Place = place_field()

    @property
    def number(self) -> int | float:
        return int(self.written) if self.written.lstrip("-").isdigit() else float(self.written)


@attrs.frozen
class BooleanValue:
    value: bool
    place: Place = place_field()


@attrs.frozen
class TextValue:
    '''A text in `"""`. `raw` is what stands between the quotes, `start` its offset in the source.'''

    raw: str
    start: int = attrs.field(eq=False)
    place: Place = place_field()


@attrs.frozen
class ListValue:
    entries: tuple[Value, ...]
    place: Place = place_field()


@attrs.frozen
class ObjectValue:
    entries: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class Comprehension:
    """`for NAME in PATH` after an argument: the argument's value for each entry of a list."""

    name: Ident
    over: Path
    place: Place = place_field()


@attrs.frozen
class Argument:
    name: Ident | None
    value: Value | TypeNode
    place: Place = place_field()
    comprehension: Comprehension | None = None


@attrs.frozen
class Call:
    """A name with arguments, or (`arguments` is None) a plain reference. `member` are names after the arguments."""

    path: Path
    arguments: tuple[Argument, ...] | None
    place: Place = place_field()
    member: tuple[Ident, ...] = ()


Value = StringValue | NumberValue | BooleanValue | TextValue | ListValue | ObjectValue | Call


@attrs.frozen
class Setting:
    key: Ident
    value: Value
    place: Place = place_field()


# Types


@attrs.frozen
class Bounds:
    low: NumberValue
    high: NumberValue
    place: Place = place_field()


@attrs.frozen
class NamedType:
    path: Path
    place: Place = place_field()


@attrs.frozen
class RefinedType:
    name: Ident
    arguments: tuple[Argument | Bounds, ...]
    place: Place = place_field()


@attrs.frozen
class OptionalTypeNode:
    item: TypeNode
    place: Place = place_field()


@attrs.frozen
class ListTypeNode:
    item: TypeNode
    bounds: Bounds | None
    place: Place = place_field()


@attrs.frozen
class ChoiceTypeNode:
    of: Ident
    place: Place = place_field()


@attrs.frozen
class RankingTypeNode:
    of: Ident
    place: Place = place_field()


@attrs.frozen
class AnchoredType:
    item: TypeNode
    field: Ident
    place: Place = place_field()


@attrs.frozen
class GenericType:
    name: Ident
    item: TypeNode
    place: Place = place_field()


@attrs.frozen
class AbstainTypeNode:
    """`T or abstain`; `word` is how data or a model say so, where that is not "abstain"."""

    item: TypeNode
    word: StringValue | None
    place: Place = place_field()


TypeNode = (
    NamedType
    | RefinedType
    | OptionalTypeNode
    | ListTypeNode
    | ChoiceTypeNode
    | RankingTypeNode
    | AnchoredType
    | GenericType
    | AbstainTypeNode
)
