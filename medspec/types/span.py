"""`span<E> in note`: a stretch of one text field of the row, with a label.

    gold : (span<Entity> in note)[]                                 [{"start": 4, "end": 9, "label": "problem"}]
    gold : (span<Entity> in note)[] from offsets_end_inclusive      the same, but `end` is the last character
    gold : (span<Entity> in note)[] from quotes                     [{"text": "fever", "label": "problem"}]
    gold : (span<Entity> in note)[] from mentions                   [{"mention": "fever", "offset": "4", "type": "problem"}]

Offsets count Unicode code points of the field from 0; `end` is the place after the last character. A list of two or
three entries stands for the object: [4, 9, "problem"]. A span has at least one character and lies inside its field.
A quote that occurs more than once says which of them it is: `"occurrence": 2`, counted from 1.
`span in note`, without a label, is written the same without `label`.
A mention says where it begins, as a number or a text of digits, and may have further keys, which are passed over. Its words
must stand there but for upper and lower case: ChineseBLUE's texts are in lower case, and a few of its mentions are not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.enum import EnumType

WRITTEN = ("offsets", "offsets_end_inclusive", "quotes", "mentions")

_DIGITS = re.compile("[0-9]{1,15}")


@attrs.frozen
class Span:
    """Characters `start` to `end` (exclusive) of the field; `label` is a case name, None for spans without one."""

    start: int
    end: int
    label: str | None = None


@attrs.frozen
class SpanType:
    """Values are `Span`s in the text field `of`; `written` is how data write them."""

    label: EnumType | None
    of: str
    written: str = attrs.field(default="offsets", eq=False)
    kind = "span"

    @property
    def spelled(self) -> str:
        return f"span in {self.of}" if self.label is None else f"span<{self.label.spelled}> in {self.of}"

    @property
    def children(self) -> tuple[Type, ...]:
        return () if self.label is None else (self.label,)

    def load(self, raw: Any, row: Row) -> Span:
        if self.written == "quotes":
            return self._load_quote(raw, row)
        if self.written == "mentions":
            return self._load_mention(raw, row)
        start, end, label = self._parts(raw)
        if self.written == "offsets_end_inclusive":
            end += 1
        if not 0 <= start < end:
            raise Misfit(f"a span from {start} to {end} (exclusive) holds no character")
        if end > len(row[self.of]):
            raise Misfit(f"ends at {end}, but `{self.of}` has {len(row[self.of])} characters")
        return Span(start, end, self._label(label, row))

    def _parts(self, raw: Any) -> tuple[int, int, Any]:
        if isinstance(raw, dict):
            _check_keys(raw, ("start", "end"), ("label",))
            start, end, label = raw["start"], raw["end"], raw.get("label")
        elif isinstance(raw, list | tuple) and 2 <= len(raw) <= 3:
            start, end, label = (*raw, None)[:3]
        else:
            raise Misfit("expected a span: an object with start, end and label")
        if any(isinstance(place, bool) or not isinstance(place, int) for place in (start, end)):
            raise Misfit("start and end are whole numbers")
        return start, end, label

    def _load_quote(self, raw: Any, row: Row) -> Span:
        if not isinstance(raw, dict):
            raise Misfit("expected a quote: an object with text and label")
        _check_keys(raw, ("text",), ("label", "occurrence"))
        text, number = raw["text"], raw.get("occurrence")
        if not isinstance(text, str) or not text:
            raise Misfit("the quoted text is empty, or no text")
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise Misfit("`occurrence` counts from 1")
        found = [start for _, start in zip(range((number or 1) + 1), occurrences(text, row[self.of]), strict=False)]
        if len(found) < (number or 1):
            raise Misfit(f"`{self.of}` does not hold this text" + (f" {number} times" if number else ""))
        if number is None and len(found) > 1:
            raise Misfit(f"`{self.of}` holds this text more than once; `occurrence` says which one it is")
        start = found[(number or 1) - 1]
        return Span(start, start + len(text), self._label(raw.get("label"), row))

    def _load_mention(self, raw: Any, row: Row) -> Span:
        keys = ("mention", "offset") if self.label is None else ("mention", "offset", "type")
        if not isinstance(raw, dict) or any(key not in raw for key in keys):
            raise Misfit(f"expected a mention: an object with {' and '.join((', '.join(keys[:-1]), keys[-1]))}")
        words, offset = raw["mention"], raw["offset"]
        if isinstance(offset, bool) or not isinstance(offset, int | str) or not _DIGITS.fullmatch(str(offset)):
            raise Misfit("`offset` is a whole number from 0")
        if not isinstance(words, str) or not words:
            raise Misfit("the mention is empty, or no text")
        start = int(offset)
        there = row[self.of][start : start + len(words)]
        if there.casefold() != words.casefold():
            raise Misfit(f"the mention {words!r} does not stand at {start}, where the text is {there!r}")
        return Span(start, start + len(words), None if self.label is None else self._label(raw["type"], row))

    def _label(self, raw: Any, row: Row) -> str | None:
        if self.label is not None:
            return self.label.load(raw, row)
        if raw is not None:
            raise Misfit(f"has a label, but the type is `{self.spelled}`")
        return None

    def to_json(self, value: Span) -> dict[str, Any]:
        found: dict[str, Any] = {"start": value.start, "end": value.end}
        return found if value.label is None else {**found, "label": value.label}

    def invent(self, rng: random.Random, row: Row) -> Span:
        """Some span; raises `Misfit` where the field is empty."""
        length = len(row[self.of])
        if not length:
            raise Misfit(f"`{self.of}` is empty")
        start = rng.randrange(length)
        end = rng.randint(start + 1, min(length, start + 20))
        return Span(start, end, None if self.label is None else self.label.invent(rng, row))


def occurrences(quote: str, text: str) -> Iterator[int]:
    """Where `quote` begins in `text`, from the first place to the last; occurrences may overlap."""
    start = text.find(quote)
    while start >= 0:
        yield start
        start = text.find(quote, start + 1)


def _check_keys(raw: dict[str, Any], needed: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    missing = [key for key in needed if key not in raw]
    unknown = [key for key in raw if key not in (*needed, *allowed)]
    if missing:
        raise Misfit(f"{missing[0]!r} is missing")
    if unknown:
        raise Misfit(f"unknown field {unknown[0]!r}")
