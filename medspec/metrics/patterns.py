"""Patterns over types: what a metric takes, and what is wrong with what it got.

A signature asks for each of its inputs by a pattern. A variable stands for one type in the whole signature, so
`(pred: E, gold: E)` takes two values of the same closed type. Matching is one pass of plain unification; nothing is
converted but what cannot lose meaning: `T[a..b]` is taken for `T[]`, `T` for `T?`, and `E[]` where a metric asks for
`set<E>`.

    >>> from medspec.types import IntegerType, TextType
    >>> found = {}
    >>> match(Variable("N", "number"), IntegerType(0, 10), found), found["N"].spelled
    (None, 'int(0..10)')
    >>> match(Variable("N", "number"), TextType(), found)
    'a number'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import attrs

from medspec.types.abstention import AbstainType
from medspec.types.base import Type
from medspec.types.number import FloatType, IntegerType
from medspec.types.sequence import ListType, OptionalType
from medspec.types.unknown import UnknownType

CLOSED_KINDS = ("bool", "enum", "choice")
"""Type kinds whose values come from a fixed, small set."""

_PLAINLY_EQUAL = ("bool", "int", "enum", "choice", "set", "span", "ranking")

_N = TypeVar("_N", int, float)

Bindings = dict[str, Type]
"""What each variable of a signature stands for."""


def _is_closed(type_: Type) -> bool:
    inner = type_.item if isinstance(type_, OptionalType | AbstainType) else type_
    return inner.kind in CLOSED_KINDS


def _is_equal(type_: Type) -> bool:
    """Whether equality of two values means that they say the same: not so for texts, measurements and boxes."""
    if type_.kind == "score":
        return bool(getattr(type_, "whole", True))
    if type_.kind in ("list", "optional", "abstain", "record"):
        return all(_is_equal(child) for child in type_.children)
    return type_.kind in _PLAINLY_EQUAL


def _is_rating(type_: Type) -> bool:
    if type_.kind == "score":
        return bool(getattr(type_, "whole", True))
    return isinstance(type_, IntegerType) and type_.low is not None and type_.high is not None


_KINDS: dict[str, tuple[str, str, Callable[[Type], bool]]] = {
    "any": ("any", "any value", lambda type_: True),
    "equal": ("equal", "values that are plainly equal or not, as texts, floats and boxes are not", _is_equal),
    "closed": ("closed", "a closed type (bool, enum or choice)", _is_closed),
    "cases": ("bool or enum", "bool or an enum", lambda type_: type_.kind in ("bool", "enum")),
    "label": ("closed or text", "a closed type or text", lambda type_: type_.kind in (*CLOSED_KINDS, "text")),
    "number": ("number, same unit", "a number", lambda type_: type_.kind in ("int", "float", "score")),
    "rating": ("rating in whole numbers, same range", "a rating such as `score(0..4)` or `int(0..4)`", _is_rating),
    "value": (
        "rating, bool, number",
        "a rating, bool or a number",
        lambda t: t.kind in ("score", "bool", "int", "float"),
    ),
    "yes or no": ("bool", "bool", lambda type_: type_.kind == "bool"),
    "text": ("", "a text", lambda type_: type_.kind == "text"),
    "span": ("same labels, same anchor", "a span", lambda type_: type_.kind == "span"),
    "box": ("same corners, unit and anchor", "a box", lambda type_: type_.kind == "box"),
    "ranking": ("of the same options", "a ranking", lambda type_: type_.kind == "ranking"),
}
"""Kind of a variable -> (word in the catalogue, what messages say is needed, what it takes)."""


@attrs.frozen
class Variable:
    """Stands for one type of kind `needs`, a key of the table above. `shown` is how it is written where not by name."""

    name: str
    needs: str = "equal"
    shown: str | None = None

    @property
    def spelled(self) -> str:
        return self.shown or self.name

    @property
    def legend(self) -> str:
        word = _KINDS[self.needs][0]
        return f"{self.name}: {word}" if self.shown is None else word

    def accepts(self, type_: Type) -> bool:
        """Whether one value of `type_`, looked at alone, may stand here."""
        return type_.kind == "unknown" or _KINDS[self.needs][2](type_)


@attrs.frozen
class SetOf:
    """`set<E>`; takes `E[]` as well."""

    item: Variable

    @property
    def spelled(self) -> str:
        return f"set<{self.item.spelled}>"

    @property
    def legend(self) -> str:
        return self.item.legend


@attrs.frozen
class ListOf:
    """`T[]`, whatever its length."""

    item: Variable | Labelled

    @property
    def spelled(self) -> str:
        return f"{self.item.spelled}[]"

    @property
    def legend(self) -> str:
        return self.item.legend


@attrs.frozen
class AbstainOf:
    """`T or abstain`: what abstentions are counted in. Of a gold, a plain `T` is taken as well."""

    item: Variable
    plain_too: bool = False

    @property
    def spelled(self) -> str:
        return f"{self.item.spelled} or abstain"

    @property
    def legend(self) -> str:
        return self.item.legend


@attrs.frozen
class Labelled:
    """A record with one box field and one closed field, and at most one `float(0..1)`: how sure the model is of it."""

    name: str

    @property
    def spelled(self) -> str:
        return self.name

    @property
    def legend(self) -> str:
        return f"{self.name}: one box field, one closed field"


Pattern = Variable | SetOf | ListOf | AbstainOf | Labelled

TEXT = Variable("X", "text", "text")
"""Plain text, with any bound on its length."""

BOX = Variable("B", "box", "box")
"""Boxes of one convention on one image field."""


def match(pattern: Pattern, type_: Type, found: Bindings) -> str | None:
    """None when `type_` fits, else what was needed instead. Variables are bound in `found`."""
    if type_.kind == "unknown":
        return None
    match pattern:
        case Variable():
            return _match_variable(pattern, type_, found)
        case SetOf(item):
            inner = type_.children[0] if type_.kind in ("set", "list") else None
            if inner is None or match(item, inner, {}) is not None:
                return f"a set whose entries are {_KINDS[item.needs][1]}"
            return match(item, inner, found)
        case ListOf(item):
            return match(item, type_.item, found) if isinstance(type_, ListType) else "a list"
        case AbstainOf(item, plain_too):
            if isinstance(type_, AbstainType):
                return match(item, type_.item, found)
            return match(item, type_, found) if plain_too else "an answer that may abstain"
        case Labelled(name):
            if labelled_fields(type_) is None:
                return "a record with one box field and one closed field"
            return _bind(name, type_, found)


def _match_variable(variable: Variable, type_: Type, found: Bindings) -> str | None:
    if not variable.accepts(type_):
        return _KINDS[variable.needs][1]
    before = found.get(variable.name)
    if variable.needs == "rating" and before is not None and before != type_:
        # A narrower scale is another scale: the distance between its ends is what disagreement is measured by.
        return f"`{before.spelled}`, as on the other side"
    return _bind(variable.name, type_, found)


def _bind(name: str, type_: Type, found: Bindings) -> str | None:
    before = found.get(name)
    joined = type_ if before is None else join(before, type_)
    if joined is None:
        return f"`{before.spelled}`, as on the other side" if before is not None else "another type"
    found[name] = joined
    return None


def labelled_fields(type_: Type) -> tuple[str, str, str | None] | None:
    """The names of the box field, the closed field and the confidence field of a record; None where it has no such."""
    if type_.kind != "record":
        return None
    fields = {field.name: field.type for field in type_.fields}  # type: ignore[attr-defined]
    boxes = [name for name, inner in fields.items() if inner.kind == "box"]
    labels = [name for name, inner in fields.items() if inner.kind in CLOSED_KINDS]
    sure = [
        name for name, inner in fields.items() if isinstance(inner, FloatType) and (inner.low, inner.high) == (0, 1)
    ]
    if len(boxes) != 1 or len(labels) != 1 or len(sure) > 1:
        return None
    return boxes[0], labels[0], sure[0] if sure else None


def join(one: Type, other: Type) -> Type | None:
    """The type that both fit; None where there is none."""
    if one == other or isinstance(other, UnknownType):
        return one
    match one, other:
        case UnknownType(), _:
            return other
        case OptionalType(item), OptionalType(inner):
            return _wrapped(OptionalType, join(item, inner))
        case OptionalType(item), _:
            return _wrapped(OptionalType, join(item, other))
        case _, OptionalType(item):
            return _wrapped(OptionalType, join(one, item))
        case AbstainType(item), AbstainType(inner):
            return _wrapped(AbstainType, join(item, inner))
        case ListType(item), ListType(inner):
            return _wrapped(ListType, join(item, inner))
        case IntegerType(low, high), IntegerType(second_low, second_high):
            return IntegerType(_least(low, second_low), _most(high, second_high))
        case FloatType(low, high, unit), FloatType(second_low, second_high, second_unit) if unit == second_unit:
            return FloatType(_least(low, second_low), _most(high, second_high), unit)
        case _ if one.kind == other.kind == "text":
            return one
        case _:
            return None


def _wrapped(wrap: Callable[[Type], Type], item: Type | None) -> Type | None:
    return None if item is None else wrap(item)


def _least(one: _N | None, other: _N | None) -> _N | None:
    return None if one is None or other is None else min(one, other)


def _most(one: _N | None, other: _N | None) -> _N | None:
    return None if one is None or other is None else max(one, other)
