"""What a model may write so that its reply can be read: a grammar, for backends that hold a model to one.

A type of few values is spelled out: the reader's own `encode` of each, which it reads back by law. The reader `json`
writes open types, too, and there the grammar is a JSON schema. Where no grammar promises that the reply can be read -
free text, spans and boxes, options that stand in the reply itself - there is none, and the model writes as it likes.

The grammars are in llguidance's form of Lark.

>>> from medspec.readers.plain import PLAIN
>>> from medspec.types import BooleanType, IntegerType
>>> grammar_of(PLAIN, BooleanType(), {}, {})
'start: " "? ("no" | "yes")'
>>> from medspec.readers.json import JSON
>>> grammar_of(JSON, IntegerType(0, 10**6), {}, {})[:50]
'start: " "? %json {"type": "integer", "minimum": 0'
"""

from __future__ import annotations

import json
from typing import Any

from medspec.readers.base import Reader, Settings
from medspec.types.base import Misfit, Row, Type
from medspec.types.choice import LETTERS

MOST_VALUES = 1000
"""Types of more values are not spelled out."""

_START = 'start: " "? '
"""Most tokenizers join the space behind a prompt to the first word of the reply; without it a model writes words it never saw."""

_LONGEST_TEXT, _LONGEST_LIST = 200, 16
"""A weak model would write on until its tokens are used up, and the reply could not be read."""
_LARGEST_NUMBER = 10**9


def grammar_of(reader: Reader, type_: Type, row: Row, settings: Settings) -> str | None:
    """The grammar of the replies that `reader` reads as values of `type_` for this row; None where there is none."""
    values = _values(type_, row)
    if values is not None:
        try:
            texts = [reader.encode(value, type_, row, settings) for value in values]
        except Misfit:  # more options than letters
            return None
        listed = " | ".join(json.dumps(text, ensure_ascii=False) for text in texts)
        return f"{_START}({listed})" if all(texts) else None
    if reader.name != "json":
        return None
    schema, field = _schema(type_, row), settings.get("field")
    if schema is not None and field:
        schema = {"type": "object", "properties": {field: schema}, "required": [field], "additionalProperties": False}
    # Without this, spaces are allowed between all parts, and a weak model writes nothing else.
    strict = {"x-guidance": {"whitespace_flexible": False}}
    return None if schema is None else f"{_START}%json {json.dumps({**schema, **strict}, ensure_ascii=False)}"


def _values(type_: Any, row: Row) -> list[Any] | None:
    """All values of a type of few; None for other types."""
    match type_.kind:
        case "bool":
            return [False, True]
        case "enum":
            return [case.name for case in type_.cases]
        case "choice":
            return list(range(len(row[type_.of]))) if row.get(type_.of) else None
        case "int" | "score":
            numbers = type_.number if type_.kind == "score" else type_
            if numbers.kind != "int" or None in (numbers.low, numbers.high):
                return None
            count = int(numbers.high) - int(numbers.low) + 1
            return list(range(int(numbers.low), int(numbers.high) + 1)) if 1 <= count <= MOST_VALUES else None
    return None


def _schema(type_: Any, row: Row) -> dict[str, Any] | None:
    """The JSON schema of `type_`; None where something in it cannot be promised."""
    match type_.kind:
        case "record":
            own = {field.name for field in type_.fields}  # options that stand in the reply itself are not known yet
            outside = {name: value for name, value in row.items() if name not in own}
            parts = {field.name: _schema(field.type, outside) for field in type_.fields}
            if None in parts.values():
                return None
            return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}
        case "list" | "set":
            item = _schema(type_.item, row)
            low, high = getattr(type_, "low", None) or 0, getattr(type_, "high", None)
            most = max(low, _LONGEST_LIST) if high is None else high
            if type_.kind == "set" and type_.item.kind == "enum":
                most = len(type_.item.cases)
            return None if item is None else {"type": "array", "items": item, "minItems": low, "maxItems": most}
        case "optional":
            item = _schema(type_.item, row)
            return None if item is None else {"anyOf": [item, {"type": "null"}]}
        case "enum":
            return {"enum": [case.text for case in type_.cases]}
        case "choice":
            count = len(row.get(type_.of) or ())
            return {"enum": list(LETTERS[:count])} if 1 <= count <= len(LETTERS) else None
        case "bool":
            return {"type": "boolean"}
        case "text":
            return {"type": "string", "maxLength": _LONGEST_TEXT}
        case "int" | "float" | "score":
            return _number_schema(type_.number if type_.kind == "score" else type_)
    return None


def _number_schema(numbers: Any) -> dict[str, Any]:
    low = -_LARGEST_NUMBER if numbers.low is None else numbers.low
    high = _LARGEST_NUMBER if numbers.high is None else numbers.high
    kind = "integer" if numbers.kind == "int" else "number"
    return {"type": kind, "minimum": min(low, high), "maximum": max(low, high)}
