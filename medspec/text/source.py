"""Sources and places: where a piece of spec text is.

`Source` is one file as text, `Place` is a half-open range of it. Offsets count Unicode code points; lines and columns
count from 1, as editors do.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

import attrs


@attrs.frozen(slots=False)
class Source:
    """One spec file: its path as shown to people, and its text."""

    path: str
    text: str = attrs.field(repr=False)
    readable: bool = True
    """False for a file that is there and could not be read as text, which has been reported."""

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        starts = [0]
        starts.extend(index + 1 for index, letter in enumerate(self.text) if letter == "\n")
        return tuple(starts)

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the code point at `offset`."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of line `line` (from 1) without its line break."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@attrs.frozen
class Place:
    """The range `[start, end)` of code points in `source`."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def line(self) -> int:
        return self.source.line_and_column(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.line_and_column(self.start)[1]

    def to(self, other: Place) -> Place:
        """The range from the start of this place to the end of `other`."""
        return Place(self.source, self.start, other.end)
