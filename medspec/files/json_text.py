"""JSON, read strictly: what the standard library lets pass and what then moves a score is refused.

Refused besides broken syntax: a key given twice in one object (the last would win in silence), NaN and the infinities
(no JSON), numbers too large for a double, and half a surrogate pair (text that cannot be written again).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonFault(ValueError):
    """What is wrong with a JSON text. `line` and `column` count from 1; None where the place is not known."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class _Twice(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def parse_json(text: str) -> Any:
    """The value `text` stands for. Raises `JsonFault`."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonFault(f"JSON error: {_in_words(error.msg)}", line=error.lineno, column=error.colno) from None
    except _Twice as error:
        line = _line_of_repeat(text, error.key)
        raise JsonFault(f'the key "{error.key}" is given twice in one object', line=line) from None
    except RecursionError:
        raise JsonFault("JSON error: nested too deep") from None
    except ValueError as error:
        raise JsonFault(str(error)) from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        raise _Twice(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return value


def _constant(word: str) -> NoReturn:
    raise ValueError(f"JSON has no {word}")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is too large")
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"a number of {len(text):,} digits is too long") from None


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        raise JsonFault(f"the escape \\u{code:04x} is half of a surrogate pair and stands alone") from None


def _line_of_repeat(text: str, key: str) -> int | None:
    """The line of the second `key`, where the text holds it exactly twice and so leaves no doubt."""
    places = [match.start() for match in re.finditer(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:", text)]
    return text.count("\n", 0, places[1]) + 1 if len(places) == 2 else None


def _in_words(message: str) -> str:
    # The standard library's messages are nouns with a capital letter, made for a traceback.
    return message[:1].lower() + message[1:].removesuffix(" at")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float, parse_int=_integer, strict=True
)
