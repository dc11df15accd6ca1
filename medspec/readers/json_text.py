r"""JSON in a reply: the value it holds, and every liberty that was taken to find it.

A reply that is JSON from its first to its last character is taken as it is. Else `<think>` blocks are cut off and these
repairs are tried, each of them counted by its name:

    code_fence          the value stands in a ``` block
    surrounding_text    there is text before or after the value
    several_values      there are several complete values: the last one counts
    trailing_comma      [1, 2,]
    single_quotes       {'a': 'b'}, where no quote inside could be taken for the end
    wide_punctuation    full-width marks outside of texts: ｛ ｝ ［ ］ ， ： “ ”
    python_words        True, False, None
    line_break          a line break or tab inside a text

What stays unreadable has a reason: `empty`, `not_json`, `cut_off` (it ends within a value), `wrong_type` (a list
where an object is due, or the other way round), `duplicate_key` (two values for one key: nobody knows which), `too_deep`
(more than 64 levels). Time is linear in the length of the reply.

    >>> find_json('Sure:\n```json\n{"a": [1, 2,]}\n```', "{")
    Found(value={'a': [1, 2]}, repairs=('code_fence', 'surrounding_text', 'trailing_comma'))
    >>> find_json('{"a": 1, "a": 2}', "{")
    'duplicate_key'
    >>> find_json('{"a": [1, 2', "{")
    'cut_off'
"""

from __future__ import annotations

import json
import re
from typing import Any

import attrs

from medspec.readers.wording import without_thoughts

DEEPEST = 64
"""How many levels of lists and objects a value may have."""

_WIDE = {"｛": "{", "｝": "}", "［": "[", "］": "]", "，": ",", "：": ":", "“": '"', "”": '"'}
_SPACE = re.compile(r"[ \t\r\n\u00a0\u3000\ufeff]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"[A-Za-z]+")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_CURLY = re.compile(r"[“”]((?:[^“”\\]|\\.)*)[“”]", re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\\n]|\\.)*)'(?=\s*[,:}\]，：｝］])")
_BRACKET = re.compile(r"[{\[｛［]")
_FENCE = re.compile(r"```[ \t]*[A-Za-z0-9_-]*[ \t]*\r?\n?")
_PAUSE = re.compile(r"\n[ \t\r]*\n|```")
_LONGEST_NUMBER = 400


@attrs.frozen
class Found:
    """A JSON value, and the repairs it took, each once."""

    value: Any
    repairs: tuple[str, ...] = ()


class _Broken(Exception):
    """The text at `at` is no JSON. `begun` says that at least one entry of a list or object had been read."""

    def __init__(self, reason: str, at: int, *, begun: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.at, self.begun = reason, at, begun


def find_json(reply: str, opening: str | None) -> Found | str:
    """The JSON value in `reply`, or why there is none: a reason of an `Unread`.

    `opening` is how the value begins, `{` or `[`; None for values that are neither and must be the whole text.
    """
    strict = _strict(reply.strip())
    if isinstance(strict, Found) or strict == "duplicate_key":
        return strict
    text = without_thoughts(reply).strip()
    if not text:
        return "empty"
    return _whole(text) if opening is None else _search(text, opening)


def _strict(text: str) -> Found | str:
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _Broken as broken:
        return broken.reason
    except (ValueError, RecursionError):
        return "not_json"
    return Found(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Broken("duplicate_key", 0)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _whole(text: str) -> Found | str:
    """A value that is all of `text`, but for a fence."""
    repairs = set()
    fence = _FENCE.match(text)
    if fence is not None and text.endswith("```") and len(text) >= fence.end() + 3:
        repairs.add("code_fence")
        text = text[fence.end() : -3].strip()
    reading = _Reading(text)
    try:
        value, end = reading.value(0, 0)
    except _Broken as broken:
        return broken.reason
    if text[end:].strip():
        return "not_json"
    return Found(value, _named(repairs | reading.repairs))


def _search(text: str, opening: str) -> Found | str:
    """The last complete value that begins with `opening`."""
    values = others = 0
    last: tuple[Any, set[str], int, int] | None = None
    failed = "not_json"
    place = 0
    while (start := _BRACKET.search(text, place)) is not None:
        reading = _Reading(text)
        try:
            value, place = reading.value(start.start(), 0)
        except _Broken as broken:
            if broken.reason in ("duplicate_key", "too_deep"):
                return broken.reason
            if not broken.begun:  # "[sic]": no JSON was meant
                place = max(broken.at, start.end())
                continue
            failed = broken.reason
            if broken.reason == "cut_off":
                break
            # What follows may be the rest of the broken value; a fresh attempt begins after a pause.
            pause = _PAUSE.search(text, broken.at)
            if pause is None:
                break
            place = pause.end()
        else:
            if _WIDE.get(start[0], start[0]) != opening:
                others += 1
                continue
            values += 1
            last = (value, reading.repairs, start.start(), place)
    if last is None:
        return "wrong_type" if others and failed == "not_json" else failed
    value, repairs, began, ended = last
    repairs |= _around(text, began, ended)
    if values > 1:
        repairs.add("several_values")
    return Found(value, _named(repairs))


def _around(text: str, start: int, end: int) -> set[str]:
    before, after = text[:start], text[end:]
    fence = re.search(r"```[ \t]*[A-Za-z0-9_-]*\s*$", before[-40:])
    repairs = set()
    if fence is not None:
        repairs.add("code_fence")
        before = before[: len(before) - len(fence[0])]
        after = re.sub(r"^\s*```", "", after[:40]) + after[40:]
    if before.strip() or after.strip():
        repairs.add("surrounding_text")
    return repairs


def _named(repairs: set[str]) -> tuple[str, ...]:
    return tuple(sorted(repairs))


class _Reading:
    """Reads one value from a place in `text`, and notes the repairs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.repairs: set[str] = set()

    def value(self, place: int, depth: int) -> tuple[Any, int]:
        """The value that begins at `place`, and where it ends. Raises `_Broken`."""
        place = self._skip(place)
        sign = self._sign(place)
        if sign in ("{", "["):
            if depth >= DEEPEST:
                raise _Broken("too_deep", place)
            return self._entries(place + 1, depth + 1, closing="}" if sign == "{" else "]")
        if sign in ('"', "'"):
            return self._string(place)
        number = _NUMBER.match(self.text, place)
        if number is not None:
            return self._number(number[0], place), number.end()
        word = _WORD.match(self.text, place)
        if word is not None and word[0] in _WORDS:
            if word[0][0].isupper():
                self.repairs.add("python_words")
            return _WORDS[word[0]], word.end()
        raise _Broken("not_json", place)

    def _entries(self, place: int, depth: int, *, closing: str) -> tuple[Any, int]:
        """The rest of a list or object whose first bracket ends at `place`."""
        pairs: list[tuple[Any, Any]] = []
        key: Any = None
        try:
            while True:
                place = self._skip(place)
                if self._sign(place) == closing:
                    if pairs:
                        self.repairs.add("trailing_comma")
                    break
                if closing == "}":
                    key, place = self._key(place)
                entry, place = self.value(place, depth)
                pairs.append((key, entry))
                place = self._skip(place)
                sign = self._sign(place)
                if sign == closing:
                    break
                if sign != ",":
                    raise _Broken("not_json", place)
                place += 1
        except _Broken as broken:
            raise _Broken(broken.reason, broken.at, begun=broken.begun or bool(pairs) or key is not None) from None
        if closing == "]":
            return [entry for _, entry in pairs], place + 1
        return _unique(pairs), place + 1

    def _key(self, place: int) -> tuple[Any, int]:
        if self._sign(place) not in ('"', "'"):
            raise _Broken("not_json", place)
        key, end = self._string(place)
        end = self._skip(end)
        if self._sign(end) != ":":
            raise _Broken("not_json", end)
        return key, end + 1

    def _string(self, place: int) -> tuple[str, int]:
        mark = self.text[place]
        pattern = {'"': _STRING, "'": _SINGLE}.get(mark, _CURLY)
        match = pattern.match(self.text, place)
        if match is None:
            # Where a text begins and never ends, the reply was cut off; a stray apostrophe says nothing.
            raise _Broken("not_json" if mark == "'" else "cut_off", place, begun=True)
        inner = match[1]
        if mark == "'":
            self.repairs.add("single_quotes")
            inner = re.sub(r"\\(')|((?<!\\)\")", lambda found: found[1] or '\\"', inner)
        elif mark != '"':
            self.repairs.add("wide_punctuation")
            inner = re.sub(r"(?<!\\)\"", '\\"', inner)
        if any(letter < " " for letter in inner):
            self.repairs.add("line_break")
        try:
            return json.loads(f'"{inner}"', strict=False), match.end()
        except ValueError:
            raise _Broken("not_json", match.end(), begun=True) from None

    def _number(self, written: str, place: int) -> int | float:
        if len(written) > _LONGEST_NUMBER:
            raise _Broken("not_json", place, begun=True)
        return float(written) if any(sign in written for sign in ".eE") else int(written)

    def _skip(self, place: int) -> int:
        match = _SPACE.match(self.text, place)
        end = place if match is None else match.end()
        if end >= len(self.text):
            raise _Broken("cut_off", end)
        return end

    def _sign(self, place: int) -> str:
        sign = self.text[place]
        if sign in _WIDE:
            self.repairs.add("wide_punctuation")
        return _WIDE.get(sign, sign)
