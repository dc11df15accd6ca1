"""Which brackets of a line are broken: as few as possible, the last ones first, and those that must be anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from medspec.syntax.layout.shape import Enclosed, Part, Word

INDENT = 2
WIDTH = 120
"""No line is longer where a bracket can be broken."""
BLOCK_WIDTH = 100
"""A block stays on one line up to here: settings side by side are harder to read than arguments of a call."""


def broken_parts(parts: Sequence[Part], indent: int) -> frozenset[int]:
    """The indexes of the brackets among `parts` that are broken when the line begins in column `indent` (from 0).

    The choices are tried in a fixed order, so a bracket that must be broken today, since it was broken for lack of room the
    last time, leads to the same choice.
    """
    brackets = [
        index for index, part in enumerate(parts) if isinstance(part, Enclosed) and (part.entries or part.must_break)
    ]
    forced = frozenset(index for index in brackets if parts[index].must_break)  # type: ignore[union-attr]
    if len(forced) == len(brackets) or _excess(parts, forced, indent) == 0:
        return forced
    choices = (
        frozenset(choice)
        for count in range(len(brackets) + 1)
        for choice in combinations(reversed(brackets), count)
        if forced.issubset(choice)
    )
    return min(choices, key=lambda choice: _excess(parts, choice, indent))


def fits(parts: Sequence[Part], indent: int) -> bool:
    """True when all of it is short enough for one line."""
    return _excess(parts, frozenset(), indent) == 0


def _excess(parts: Sequence[Part], broken: frozenset[int], indent: int) -> int:
    """By how much the longest line is too long, not counting what stands between broken brackets; 0 when none is."""
    widths = _widths(parts, broken, indent)
    return max(max(width - (BLOCK_WIDTH if has_block else WIDTH) for width, has_block in widths), 0)


def _widths(parts: Sequence[Part], broken: frozenset[int], indent: int) -> Iterator[tuple[int, bool]]:
    """The width of each line, and whether there is a whole block on it."""
    width, has_block = indent, False
    for index, part in enumerate(parts):
        if isinstance(part, Word):
            width += len(part.space) if index else 0
            if part.is_long:
                # Its own lines are as long as they are; what follows stands behind its last one.
                yield width + len('"""'), has_block
                width, has_block = indent + INDENT + len(part.text.rpartition("\n")[2].lstrip()), False
            else:
                width += len(part.text)
        elif index in broken:
            yield width + len(part.open.space) + len(part.open.text), has_block
            width, has_block = indent + len(part.close.text), False
        else:
            width += (len(part.open.space) if index else 0) + len(part.flat)
            has_block = has_block or part.holds_block
    yield width, has_block
