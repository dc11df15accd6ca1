"""Typed values as the JSON a model is asked to write, and back.

Data files and replies differ, because a model cannot do what a file can: it names an option by its letter, a case by its
text, and a span by quoting it. Everything else is written as in data.

    choice      "B"                        span   {"label": "problem", "text": "fever"}, with "occurrence" if need be
    ranking     ["B", "A", "C"]            box    [x1, y1, x2, y2], or {"image": 2, "box": [...]} where there are several
    enum        "Pleural effusion"         set    a list

Nothing is converted: a number in quotes is no number, and a record has its own keys and no others. An optional field may
be left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from medspec.readers.locate import locate, number_of
from medspec.readers.statements import Options, read_statement
from medspec.readers.wording import folded
from medspec.types.base import Misfit, Row, Type
from medspec.types.box import Box, checked, corners
from medspec.types.choice import LETTERS
from medspec.types.span import Span

KINDS: tuple[str, ...] = (
    *("record", "list", "set", "optional", "enum", "choice", "ranking", "score", "int", "float", "bool", "text"),
    *("span", "box"),
)
"""The kinds of type that can be written so."""


class Wrong(ValueError):
    """A JSON value that is no value of the type. `reason` is that of the `Unread`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_writable(type_: Type) -> bool:
    """Whether values of `type_`, and all types inside it, can be written as JSON replies."""
    return type_.kind == "unknown" or (type_.kind in KINDS and all(is_writable(child) for child in type_.children))


def to_reply(value: Any, type_: Type, row: Row) -> Any:
    """`value` as plain JSON. Raises `Misfit` for an option that has no letter."""
    write = _WRITERS.get(type_.kind)
    return value if write is None else write(value, type_, row)


def from_reply(plain: Any, type_: Type, row: Row) -> Any:
    """The value that a JSON value of a reply stands for. Raises `Wrong`."""
    return _READERS[type_.kind](plain, type_, row)


def letter_of(place: int) -> str:
    """The letter of the option at `place`, from 0. Raises `Misfit` beyond the last letter."""
    if place >= len(LETTERS):
        raise Misfit(f"option {place + 1} has no letter: there are only {len(LETTERS)} letters")
    return LETTERS[place]


def span_to_reply(span: Span, type_: Any, row: Row) -> dict[str, Any]:
    """A quote with its label, and its number where the field holds the same words more than once."""
    field = row[type_.of]
    found: dict[str, Any] = {} if span.label is None else {"label": type_.label.text_of(span.label)}
    found["text"] = field[span.start : span.end]
    number = number_of(span.start, span.end, field)
    return found if number is None else {**found, "occurrence": number}


def span_from_reply(plain: Any, type_: Any, row: Row) -> Span:
    """Raises `Wrong`: `not_found` and `ambiguous` for a quote that cannot be located."""
    if not isinstance(plain, dict):
        raise Wrong("wrong_type")
    allowed = {"text", "occurrence"} | (set() if type_.label is None else {"label"})
    if not plain.keys() <= allowed:
        raise Wrong("unknown_key")
    if not plain.keys() >= allowed - {"occurrence"}:
        raise Wrong("missing_key")
    quote, number = plain["text"], plain.get("occurrence")
    if not isinstance(quote, str) or (number is not None and not _is_whole(number)):
        raise Wrong("wrong_type")
    label = None if type_.label is None else _case(plain["label"], type_.label, row)
    place = locate(quote, row[type_.of], number)
    if isinstance(place, str):
        raise Wrong(place)
    return Span(*place, label)


def box_from_numbers(numbers: Any, type_: Any, image: int | None) -> Box:
    """Raises `Wrong`: `corners` where the second corner is not beyond the first, `outside_frame`."""
    if not isinstance(numbers, list | tuple) or len(numbers) != 4 or not all(map(_is_number, numbers)):
        raise Wrong("wrong_type")
    try:
        a, b, c, d = map(float, numbers)
    except OverflowError:
        raise Wrong("outside_frame") from None
    if not all(map(math.isfinite, (a, b, c, d))):
        raise Wrong("outside_frame")
    x1, y1, x2, y2 = corners((a, b, c, d), type_.order)
    if x2 < x1 or y2 < y1:
        raise Wrong("corners")
    try:
        return Box(checked((a, b, c, d), type_.order, type_.frame), image)
    except Misfit:
        raise Wrong("outside_frame") from None


def option_from_reply(plain: Any, texts: tuple[str, ...]) -> int:
    """The option that a text names, by its letter or its own words. Raises `Wrong`."""
    if not isinstance(plain, str):
        raise Wrong("wrong_type")
    options = Options(texts)
    if len(plain) == 1 and plain in LETTERS:
        place = LETTERS.index(plain)
        if place >= len(texts):
            raise Wrong("not_an_option")
        return place
    verdict = read_statement(plain, options)
    if isinstance(verdict, int):
        return verdict
    raise Wrong(verdict or "no_letter")


def _is_number(plain: Any) -> bool:
    return isinstance(plain, int | float) and not isinstance(plain, bool)


def _is_whole(plain: Any) -> bool:
    return isinstance(plain, int) and not isinstance(plain, bool)


def _texts(type_: Any, row: Row) -> tuple[str, ...]:
    return tuple(str(option) for option in row[type_.of])


def _record(plain: Any, type_: Any, row: Row) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise Wrong("wrong_type")
    if any(type_.field(key) is None for key in plain):
        raise Wrong("unknown_key")
    values: dict[str, Any] = {}
    for field in type_.load_order:
        if field.name not in plain and field.type.kind != "optional":
            raise Wrong("missing_key")
        values[field.name] = from_reply(plain.get(field.name), field.type, {**row, **values})
    return {field.name: values[field.name] for field in type_.fields}


def _write_record(value: Any, type_: Any, row: Row) -> dict[str, Any]:
    inside = {**row, **value}
    return {field.name: to_reply(value[field.name], field.type, inside) for field in type_.fields}


def _list(plain: Any, type_: Any, row: Row) -> tuple[Any, ...]:
    if not isinstance(plain, list):
        raise Wrong("wrong_type")
    if (type_.low is not None and len(plain) < type_.low) or (type_.high is not None and len(plain) > type_.high):
        raise Wrong("wrong_length")
    return tuple(from_reply(entry, type_.item, row) for entry in plain)


def _set(plain: Any, type_: Any, row: Row) -> frozenset[Any]:
    if not isinstance(plain, list):
        raise Wrong("wrong_type")
    return frozenset(from_reply(entry, type_.item, row) for entry in plain)


def _optional(plain: Any, type_: Any, row: Row) -> Any:
    return None if plain is None else from_reply(plain, type_.item, row)


def _case(plain: Any, type_: Any, row: Row) -> str:
    if not isinstance(plain, str):
        raise Wrong("wrong_type")
    wordings = [{case.text: case.name for case in type_.cases}, {case.name: case.name for case in type_.cases}]
    for cases in wordings:
        if plain in cases:
            return str(cases[plain])
    for cases in wordings:
        found = {name for text, name in cases.items() if folded(text) == folded(plain)}
        if len(found) == 1:
            return str(found.pop())
    raise Wrong("no_case")


def _choice(plain: Any, type_: Any, row: Row) -> int:
    return option_from_reply(plain, _texts(type_, row))


def _ranking(plain: Any, type_: Any, row: Row) -> tuple[int, ...]:
    if not isinstance(plain, list):
        raise Wrong("wrong_type")
    texts = _texts(type_, row)
    places = tuple(option_from_reply(entry, texts) for entry in plain)
    if sorted(places) != list(range(len(texts))):
        raise Wrong("not_a_ranking")
    return places


def _number(plain: Any, type_: Any, row: Row) -> float:
    numbers = type_.number if type_.kind == "score" else type_
    if not _is_number(plain):
        raise Wrong("wrong_type")
    if numbers.kind == "int":
        if isinstance(plain, float):
            if not plain.is_integer():
                raise Wrong("not_whole")
            plain = int(plain)
    else:
        try:
            plain = float(plain)
        except OverflowError:
            raise Wrong("out_of_range") from None
        if not math.isfinite(plain):
            raise Wrong("out_of_range")
    if (numbers.low is not None and plain < numbers.low) or (numbers.high is not None and plain > numbers.high):
        raise Wrong("out_of_range")
    return plain  # type: ignore[no-any-return]


def _plain(kind: type) -> Callable[[Any, Any, Row], Any]:
    def read(plain: Any, type_: Any, row: Row) -> Any:
        if not isinstance(plain, kind):
            raise Wrong("wrong_type")
        return plain

    return read


def _box(plain: Any, type_: Any, row: Row) -> Box:
    if not type_.many:
        return box_from_numbers(plain, type_, None)
    if not isinstance(plain, dict):
        raise Wrong("wrong_type")
    if plain.keys() != {"image", "box"}:
        raise Wrong("unknown_key" if plain.keys() - {"image", "box"} else "missing_key")
    if not _is_whole(plain["image"]):
        raise Wrong("wrong_type")
    if not 1 <= plain["image"] <= len(row[type_.of]):
        raise Wrong("no_image")
    return box_from_numbers(plain["box"], type_, plain["image"] - 1)


_READERS: dict[str, Callable[[Any, Any, Row], Any]] = {
    "record": _record,
    "list": _list,
    "set": _set,
    "optional": _optional,
    "enum": _case,
    "choice": _choice,
    "ranking": _ranking,
    "score": _number,
    "int": _number,
    "float": _number,
    "bool": _plain(bool),
    "text": _plain(str),
    "span": span_from_reply,
    "box": _box,
}

_WRITERS: dict[str, Callable[[Any, Any, Row], Any]] = {
    "record": _write_record,
    "list": lambda value, type_, row: [to_reply(entry, type_.item, row) for entry in value],
    "set": lambda value, type_, row: [to_reply(entry, type_.item, row) for entry in type_.ordered(value)],
    "optional": lambda value, type_, row: None if value is None else to_reply(value, type_.item, row),
    "enum": lambda value, type_, row: type_.text_of(value),
    "choice": lambda value, type_, row: letter_of(value),
    "ranking": lambda value, type_, row: [letter_of(place) for place in value],
    "span": span_to_reply,
    "box": lambda value, type_, row: type_.to_json(value),
}
