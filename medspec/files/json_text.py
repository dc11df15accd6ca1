"""JSON, read strictly: what the standard library lets pass and what then moves a score is refused.

Refused besides broken syntax: a key given twice in one object (the last would win in silence), NaN and the infinities
(no JSON), numbers too large for a double, and half a surrogate pair (text that cannot be written again).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

# A text (with the colon behind it, if it is a key), a bracket, or what the hooks may refuse.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}\[\]]|NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class JsonFault(ValueError):
    """What is wrong with a JSON text. `line` and `column` count from 1; None where the place is not known."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class _Refused(ValueError):
    """What a hook of the parser refuses. The hooks are not told where they are; `word` is what to look for."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word


class _Twice(ValueError):
    """A key given twice."""


def parse_json(text: str) -> Any:
    """The value `text` stands for. Raises `JsonFault`."""
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonFault(f"JSON error: {_in_words(error.msg)}", line=error.lineno, column=error.colno) from None
    except _Twice:
        key, line, column = _find_repeat(text)
        raise JsonFault(f'the key "{key}" is given twice in one object', line=line, column=column) from None
    except _Refused as error:
        start = next(token.start() for token in _TOKEN.finditer(text) if token[0] == error.word)
        line, column = _line_and_column(text, start)
        raise JsonFault(str(error), line=line, column=column) from None
    except RecursionError:
        raise JsonFault("JSON error: nested too deep") from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Twice
    return value


def _constant(word: str) -> NoReturn:
    raise _Refused(f"JSON has no {word}", word)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"the number {text} is too large", text)
    return value


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _Refused(f"a number of {len(text):,} digits is too long", text) from None


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        code = ord(error.object[error.start])
        raise JsonFault(f"the escape \\u{code:04x} is half of a surrogate pair and stands alone") from None


def _find_repeat(text: str) -> tuple[str, int, int]:
    """The first key that is given twice, and line and column of the second time. `text` is sound JSON up to there."""
    open_objects: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{":
                open_objects.append(set())
            case "[":
                open_objects.append(None)
            case "}" | "]":
                open_objects.pop()
            case word if word[-1] == ":":
                key = json.loads(word[:-1].rstrip())
                keys = open_objects[-1]
                assert keys is not None, "a key outside an object is no JSON"
                if key in keys:
                    return (key, *_line_and_column(text, token.start()))
                keys.add(key)
    raise AssertionError("the parser found a key given twice, the search did not")


def _line_and_column(text: str, start: int) -> tuple[int, int]:
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _in_words(message: str) -> str:
    # The standard library's messages are nouns with a capital letter, made for a traceback.
    return message[:1].lower() + message[1:].removesuffix(" at")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float, parse_int=_integer, strict=True
)
