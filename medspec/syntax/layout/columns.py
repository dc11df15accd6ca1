"""Columns: `=`, `:` and the like stand below each other in entries of one kind that follow each other.

    data = pubmedqa.test                    data    = pubmedqa.test
    prompt = ask                      =>    prompt  = ask
    metrics { primary accuracy }            metrics { primary accuracy }

An empty line ends a group of columns, and so does an entry of another kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from medspec.syntax.layout.breaking import broken_parts, fits
from medspec.syntax.layout.shape import Enclosed, Entry, Part, flat_text


def in_columns(entries: Sequence[Entry], indent: int) -> list[list[Part]]:
    """The parts of the entries of one block, whose lines begin in column `indent`, with blanks added."""
    left = {index for index, entry in enumerate(entries) if entry.is_clause and _breaks_block(entry.parts, indent)}
    while True:
        padded = [entry.parts for entry in entries]
        for group in _groups(entries, left):
            for index, parts in zip(group, _padded([entries[index] for index in group]), strict=True):
                padded[index] = parts
        # Blanks may push a block over the end of the line. It breaks then, and the others may need fewer blanks.
        pushed = {
            index
            for index, entry in enumerate(entries)
            if entry.is_clause and index not in left and _breaks_block(padded[index], indent)
        }
        if not pushed:
            return padded
        left |= pushed


def side_by_side(entries: Sequence[Entry]) -> list[list[Part]]:
    """The parts of one-line declarations that their author put together, with blanks added; without where that is too wide.

    Keywords are followed by names in one column, and what follows the names of one kind of declaration is in columns too.
    """
    width = max(len(entry.kind) for entry in entries)
    padded: list[list[Part]] = []
    for group in _runs(range(len(entries)), lambda index: entries[index].kind):
        padded += _padded([entries[index] for index in group])
    padded = [_pad(parts, {1: width - len(entry.kind)}) for entry, parts in zip(entries, padded, strict=True)]
    if all(fits(parts, 0) for parts in padded):
        return padded
    return [entry.parts for entry in entries]


def _breaks_block(parts: Sequence[Part], indent: int) -> bool:
    found = (parts[index] for index in broken_parts(parts, indent))
    return any(isinstance(part, Enclosed) and part.style == "block" for part in found)


def _groups(entries: Sequence[Entry], left: set[int]) -> Iterator[list[int]]:
    """The indexes of entries that share columns; those in `left` have none, and end a group."""

    def kind(index: int) -> str:
        return "" if index in left else entries[index].kind

    def joins(index: int) -> bool:
        return bool(kind(index)) and kind(index) == kind(index - 1) and not entries[index].blank_before

    start = 0
    for index in range(1, len(entries) + 1):
        if index == len(entries) or not joins(index):
            if kind(start):
                yield list(range(start, index))
            start = index


def _runs(indexes: Iterable[int], key: Callable[[int], str]) -> Iterator[list[int]]:
    from itertools import groupby

    for _, run in groupby(indexes, key):
        yield list(run)


def _padded(entries: Sequence[Entry]) -> list[list[Part]]:
    """The parts of entries that share columns, with the blanks that bring their marks into line."""
    blanks: list[dict[int, int]] = [{} for _ in entries]
    ends = [0] * len(entries)
    starts = [0] * len(entries)
    for column in range(max(len(entry.marks) for entry in entries)):
        marked = []
        for index, entry in enumerate(entries):
            mark = entry.marks[column]
            if mark is not None:
                ends[index] += len(flat_text(entry.parts[starts[index] : mark]))
                starts[index] = mark
                marked.append(index)
        edge = max((ends[index] for index in marked), default=0)
        for index in marked:
            blanks[index][starts[index]] = edge - ends[index]
            ends[index] = edge + 1
    return [_pad(entry.parts, found) for entry, found in zip(entries, blanks, strict=True)]


def _pad(parts: list[Part], blanks: dict[int, int]) -> list[Part]:
    """`parts` with more blanks before some of them."""
    return [_moved(part, blanks.get(index, 0)) for index, part in enumerate(parts)]


def _moved(part: Part, blanks: int) -> Part:
    if not blanks:
        return part
    if isinstance(part, Enclosed):
        return attrs.evolve(part, open=attrs.evolve(part.open, space=part.open.space + " " * blanks))
    return attrs.evolve(part, space=part.space + " " * blanks)
