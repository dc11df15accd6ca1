"""The form of a JSON answer in words: what `answer_format` tells a model.

>>> from medspec.types import FieldType, IntegerType, OptionalType, RecordType, TextType
>>> form_of(RecordType("Verdict", (FieldType("grade", IntegerType(0, 4)), FieldType("why", OptionalType(TextType())))))
'{"grade": whole number from 0 to 4, "why": "..." or null}'
"""

from __future__ import annotations

import json
from typing import Any

from medspec.types.base import Type

ORDERS = {
    "xyxy": "[x1, y1, x2, y2]",
    "xywh": "[x, y, width, height]",
    "cxcywh": "[center x, center y, width, height]",
    "yxyx": "[y1, x1, y2, x2]",
}
_FRAMES = {
    "pixel": "in pixels of the image",
    "unit": "as fractions of the image's width and height, from 0 to 1",
    "mille": "in thousandths of the image's width and height, from 0 to 1000",
}
_CORNERS = {
    "xyxy": "the left, top, right and bottom edge",
    "xywh": "the left and top edge, then the size",
    "cxcywh": "the middle, then the size",
    "yxyx": "the top, left, bottom and right edge",
}


def form_of(type_: Any) -> str:
    """How a value is written, in one line."""
    match type_.kind:
        case "record":
            return "{" + ", ".join(f"{_quoted(field.name)}: {form_of(field.type)}" for field in type_.fields) + "}"
        case "list" | "set":
            return f"[{form_of(type_.item)}, ...]"
        case "optional":
            return f"{form_of(type_.item)} or null"
        case "enum":
            return " or ".join(_quoted(case.text) for case in type_.cases)
        case "choice":
            return "the letter of an option in quotes"
        case "ranking":
            return "[the letters of all options in quotes, the best first]"
        case "int" | "float":
            return number_words(type_)
        case "score":
            return number_words(type_.number)
        case "bool":
            return "true or false"
        case "span":
            label = "" if type_.label is None else f'"label": {form_of(type_.label)}, '
            return "{" + label + '"text": "words copied from the text"}'
        case "box":
            numbers = ORDERS[type_.order]
            return f'{{"image": number of the image, "box": {numbers}}}' if type_.many else numbers
        case _:
            bound = getattr(type_, "max_words", None)
            return '"..."' if bound is None else f'"at most {bound} words"'


def number_words(type_: Any) -> str:
    """`whole number from 0 to 10`, `number in mg/dL`."""
    words = "whole number" if type_.kind == "int" else "number"
    if type_.low is not None and type_.high is not None:
        words += f" from {type_.low:g} to {type_.high:g}"
    unit = getattr(type_, "unit", None)
    return f"{words} in {unit}" if unit else words


def notes_on(type_: Type) -> list[str]:
    """What else must be known to write a value, one sentence each."""
    found: list[str] = []
    for inner in _walk(type_):
        if inner.kind == "box":
            found.append(box_note(inner))
        elif inner.kind == "span":
            found.append('Copy "text" exactly; if the same words stand there several times, add "occurrence", from 1.')
        elif inner.kind == "list" and inner.low is not None and inner.high is not None:  # type: ignore[attr-defined]
            low, high = inner.low, inner.high  # type: ignore[attr-defined]
            found.append(f"A list has {low} entries." if low == high else f"A list has {low} to {high} entries.")
    if type_.kind in ("list", "set") and not getattr(type_, "low", None):
        found.append("If there is nothing to list, answer [].")
    return list(dict.fromkeys(found))


def box_note(type_: Any) -> str:
    """What the numbers of a box mean, and that images are counted from 1."""
    counted = " Images are counted from 1." if type_.many else ""
    return f"A box is {ORDERS[type_.order]}: {_CORNERS[type_.order]}, {_FRAMES[type_.frame]}.{counted}"


def _walk(type_: Type) -> list[Type]:
    return [type_, *(inner for child in type_.children for inner in _walk(child))]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
