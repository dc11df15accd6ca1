"""The filters a template may use: name, what they take, what they give, and the function.

Types are words (`text`, `int`, `float`, `bool`, `enum`, `list`, `any`). Where Jinja has a filter of the same name, ours
gives the same result.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class FilterRule:
    """One filter. `takes` are the kinds of value it accepts, `arguments` the Python types of its arguments.

    `gives` is the kind of the result; `same` the kind it was given, `item` that of the list's items.
    """

    name: str
    takes: tuple[str, ...]
    gives: str
    function: Callable[..., Any]
    arguments: tuple[tuple[type, ...], ...] = ()
    required: int = 0
    summary: str = ""


class Unrenderable(ValueError):
    """A value that a template cannot print. The message says what it is, and is about one row."""


def _letter(index: int) -> str:
    if not 0 <= index < len(string.ascii_uppercase):
        raise Unrenderable(f"there is no letter for {index}; 0 is A and 25 is Z")
    return string.ascii_uppercase[index]


def _join(values: tuple[Any, ...], separator: str = "") -> str:
    return separator.join(str(value) for value in values)


def _case_text(name: str | None, *pairs: str) -> str | None:
    """The text of the case `name`; `pairs` are name and text in turns. None stays None, for `default`."""
    return None if name is None else dict(zip(pairs[::2], pairs[1::2], strict=True))[name]


def _default(value: Any, instead: Any) -> Any:
    return instead if value is None else value


def _as_json(value: Any) -> Any:
    """What JSON has no form for: sets in the order of their texts, spans and boxes as objects."""
    if isinstance(value, frozenset):
        return sorted(value, key=str)
    return attrs.asdict(value)


IMAGE_OPENS, IMAGE_CLOSES = "\ue000", "\ue001"
"""Marks around the path of an image in rendered text: private characters, which no text of a row may hold."""

BOX_OPENS, BOX_CLOSES = "\ue002", "\ue003"
"""Marks around a box in rendered text: what it is, as JSON."""

_IN_TEXT = re.compile(
    r"(?:<\|box_start\|>)?(?:\({n},{n}\),\({n},{n}\)|\[{n},{n},{n},{n}\])(?:<\|box_end\|>)?".replace(
        "{n}", r"\s?([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?"
    )
)
"""A box inside a text: `(x1,y1),(x2,y2)` or `[x1, y1, x2, y2]`, with the tokens that some models put around it."""


def _box(box: Any, order: str, frame: str, of: str) -> str:
    written = f"[{', '.join(f'{number:.10g}' for number in box.numbers)}]"
    shown = written if box.image is None else f"image {box.image + 1}: {written}"
    return _marked([box.numbers, box.image, order, frame, of, shown])


def _boxes_in_text(text: str, order: str, frame: str, of: str) -> str:
    def mark(found: re.Match[str]) -> str:
        numbers = [float(number) for number in found.groups() if number is not None]
        return _marked([numbers, None, order, frame, of, found[0]])

    return _IN_TEXT.sub(mark, text)


def _marked(parts: list[Any]) -> str:
    return f"{BOX_OPENS}{json.dumps(parts)}{BOX_CLOSES}"


FILTERS: tuple[FilterRule, ...] = (
    FilterRule(
        name="trim", takes=("text",), gives="text", function=str.strip, summary="without white space at both ends"
    ),
    FilterRule(name="lower", takes=("text", "enum"), gives="text", function=str.lower, summary="in small letters"),
    FilterRule(name="upper", takes=("text", "enum"), gives="text", function=str.upper, summary="in capital letters"),
    FilterRule(
        name="replace",
        takes=("text",),
        gives="text",
        function=str.replace,
        arguments=((str,), (str,)),
        required=2,
        summary="every occurrence of the first text replaced by the second",
    ),
    FilterRule(
        name="join",
        takes=("list",),
        gives="text",
        function=_join,
        arguments=((str,),),
        summary="the entries of a list in one text, with a separator",
    ),
    FilterRule(name="length", takes=("text", "list"), gives="int", function=len, summary="characters or entries"),
    FilterRule(
        name="first", takes=("list",), gives="item", function=lambda values: values[0], summary="the first entry"
    ),
    FilterRule(
        name="last", takes=("list",), gives="item", function=lambda values: values[-1], summary="the last entry"
    ),
    FilterRule(name="letter", takes=("int", "choice"), gives="text", function=_letter, summary="0 is A, 1 is B, ..."),
    FilterRule(
        name="round",
        takes=("int", "float"),
        gives="float",
        function=lambda value, digits=0: round(value, digits),
        arguments=((int,),),
        summary="rounded to a number of decimals",
    ),
    FilterRule(
        name="default",
        takes=("optional",),
        gives="item",
        function=_default,
        arguments=((str, int, float),),
        required=1,
        summary="another value where there is none",
    ),
    FilterRule(
        name="json",
        takes=("any",),
        gives="text",
        function=lambda value: json.dumps(value, ensure_ascii=False, default=_as_json),
        summary="written as JSON",
    ),
    FilterRule(
        name="_image",
        takes=("image",),
        gives="text",
        function=lambda path: f"{IMAGE_OPENS}{path}{IMAGE_CLOSES}",
        summary="inserted by the compiler: marks where an image stands in a turn",
    ),
    FilterRule(
        name="_box",
        takes=("box",),
        gives="text",
        function=_box,
        summary="inserted by the compiler: marks a box, to be written as the model's family writes it",
    ),
    FilterRule(
        name="_boxes",
        takes=("text",),
        gives="text",
        function=_boxes_in_text,
        summary="inserted by the compiler: marks the boxes in a text",
    ),
    FilterRule(
        name="_case_text",
        takes=("enum",),
        gives="text",
        function=_case_text,
        arguments=(),
        summary="inserted by the compiler: what people and models see for a case",
    ),
    FilterRule(
        name="_as_text",
        takes=("int", "float"),
        gives="text",
        function=lambda value: None if value is None else str(value),
        summary="inserted by the compiler: a number where a text may stand in for it",
    ),
)


def find_filter(name: str) -> FilterRule | None:
    """The filter with this name, or None."""
    return next((rule for rule in FILTERS if rule.name == name), None)
