"""How wide text is on a terminal, and what of it is safe to print there.

Text of a spec is somebody else's text: it may hold escape sequences, marks that turn the writing direction, or letters
that cannot be seen. All of these are written out (`<U+001B>`), so that what is printed is what is there. A tab moves to
the next multiple of four, letters of East Asian scripts take two columns, combining marks none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import attrs

TAB = 4
"""Columns between two tab stops."""

# Control letters, invisible format letters (direction marks among them), halves of surrogate pairs, unassigned and
# private letters, and the two separators terminals treat as line breaks.
_WRITTEN_OUT = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_COMBINING = frozenset({"Mn", "Me"})


@attrs.frozen
class Cell:
    """What one code point looks like: the text to print and the number of columns it takes."""

    shown: str
    width: int


def cells(text: str, *, ascii: bool = False) -> Iterator[Cell]:
    """One cell for each code point of a line, in order. With `ascii`, whatever is not ASCII is written out."""
    column = 0
    for letter in text:
        cell = _cell(letter, column, ascii)
        column += cell.width
        yield cell


_COLOURS = re.compile("\x1b\\[[0-9;]*m")
"""What the table of a report and diagnostics are coloured with."""


def safe(text: str, *, coloured: bool = False) -> str:
    """`text` for a terminal: line breaks and tabs as they are, everything else that must not reach it written out.

    With `coloured` sequences that set colours stay; then the texts of others in it must be clean already.
    """
    if coloured:
        parts = _COLOURS.split(text)
        found = [*_COLOURS.findall(text), ""]
        return "".join(safe(part) + colour for part, colour in zip(parts, found, strict=True))
    return "\n".join(line if line.isprintable() else _safe_line(line) for line in text.split("\n"))


def _safe_line(line: str) -> str:
    return "".join(letter if letter == "\t" else _cell(letter, 0, ascii=False).shown for letter in line)


def clean(text: str, *, ascii: bool = False, breaks: bool = False) -> str:
    """`text` with everything written out that must not reach a terminal; line breaks are kept with `breaks`."""
    if breaks:
        return "\n".join(clean(line, ascii=ascii) for line in text.split("\n"))
    return "".join(cell.shown for cell in cells(text, ascii=ascii))


def _cell(letter: str, column: int, ascii: bool) -> Cell:
    if " " <= letter <= "~":
        return Cell(letter, 1)
    if letter == "\t":
        width = TAB - column % TAB
        return Cell(" " * width, width)
    if ascii or unicodedata.category(letter) in _WRITTEN_OUT:
        shown = f"<U+{ord(letter):04X}>"
        return Cell(shown, len(shown))
    if unicodedata.category(letter) in _COMBINING:
        return Cell(letter, 0)
    return Cell(letter, 2 if unicodedata.east_asian_width(letter) in "WF" else 1)
