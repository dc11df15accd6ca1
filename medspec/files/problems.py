"""Problems in a data file, collected until all of it was read: the first twenty in words, the rest counted."""

from __future__ import annotations

import json
from typing import Any

from medspec.errors import DataError

LIMIT = 20
"""How many problems are kept in words."""

WIDTH = 60
"""How many characters of a value a message shows."""


class Problems:
    """What is wrong with one file. `lines` holds at most `LIMIT` of them; `count` is how many there were."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0

    def add(self, line: str) -> None:
        """Note one problem: one line, with the place in front."""
        self.count += 1
        if len(self.lines) < LIMIT:
            self.lines.append(line)

    def raise_any(self, name: str, checked: int) -> None:
        """Raise one `DataError` with all problems, if there are any. `checked` is the number of rows looked at."""
        if not self.count:
            return
        count = f"{self.count:,} problem{'s' * (self.count != 1)} in {checked:,} row{'s' * (checked != 1)}"
        shown = f"; the first {LIMIT} are" if self.count > LIMIT else ""
        raise DataError(f"{name}: {count}{shown}:", problems=self.lines)


def shorten(value: Any) -> str:
    """`value` as JSON on one line, cut after `WIDTH` characters with its length told.

    >>> shorten("yes")
    '"yes"'
    >>> shorten(["x"] * 50)
    '["x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x", "x",… (250 characters)'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    # Line breaks are escaped by JSON already; what is left could still steer a terminal or break a line.
    text = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}… ({len(text):,} characters)"
