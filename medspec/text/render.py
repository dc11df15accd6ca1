"""Diagnostics as text for a terminal: the line of the spec, what is wrong in it, and what to type.

    error[E0207]: `data` is set twice in this task
        ╭─ specs/ner.medspec:134:3
        │
    132 │   data     = notes.test
        │   ---- first set here
    133 │   prompt   = read_note
    134 │   data     = notes.dev
        │   ^^^^ set again here
        │
        = note: medspec never lets a later value silently replace an earlier one

`^` marks the main label and `-` the others. Whether the stream takes colours or anything but ASCII is for the caller to
find out. No width of a terminal is asked for: only lines too long for any screen are cut to a window around the label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import attrs

from medspec.text.cells import cells, clean
from medspec.text.diagnostic import Diagnostic, Label
from medspec.text.source import Source

WIDEST = 140
"""The most columns of a source line that are shown before it is cut."""

_COLOURS = {"error": "1;31", "warning": "1;33", "title": "1", "gutter": "34", "other": "36", "note": "1"}


@attrs.frozen
class _Look:
    """How to draw: with colours or without, with box drawing letters or in ASCII."""

    colour: bool
    ascii: bool

    def paint(self, text: str, part: str) -> str:
        return f"\x1b[{_COLOURS[part]}m{text}\x1b[0m" if self.colour and text else text

    def clean(self, text: str, *, breaks: bool = False) -> str:
        return clean(text, ascii=self.ascii, breaks=breaks)

    @property
    def bar(self) -> str:
        return "|" if self.ascii else "│"

    @property
    def gap(self) -> str:
        return ":" if self.ascii else "⋮"

    @property
    def cut(self) -> str:
        return "..." if self.ascii else "…"


@attrs.frozen
class _Mark:
    """The part of a label that lies in one line: code points `start` to `end` of it, counted from 0."""

    line: int
    start: int
    end: int
    text: str
    is_main: bool


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False, ascii: bool = False) -> str:
    """All of them in the order given, with a footer that counts them. Empty for none; no line break at the end."""
    shown = tuple(diagnostics)
    if not shown:
        return ""
    blocks = [render_one(diagnostic, colour=colour, ascii=ascii) for diagnostic in shown]
    return "\n\n".join([*blocks, footer(shown)])


def render_one(diagnostic: Diagnostic, *, colour: bool = False, ascii: bool = False) -> str:
    """One diagnostic, without a footer and without a line break at the end."""
    look = _Look(colour, ascii)
    severity = "error" if diagnostic.is_error else "warning"
    marks = [(label.place.source, _marks(label, label is diagnostic.labels[0])) for label in diagnostic.labels]
    gutter = max(len(str(mark.line)) for _, parts in marks for mark in parts)
    rows = [look.paint(f"{severity}[{diagnostic.code}]", severity) + _title(diagnostic, look)]
    for number, path in enumerate(dict.fromkeys(source.path for source, _ in marks)):
        source = next(source for source, _ in marks if source.path == path)
        first = next(label.place for label in diagnostic.labels if label.place.source.path == path)
        rows.append(_header(f"{path}:{first.line}:{first.column}", gutter, look, is_first=number == 0))
        here = [mark for source, parts in marks if source.path == path for mark in parts]
        rows += _excerpt(source, here, gutter, severity, look)
    rows += _remarks(diagnostic, gutter, look)
    return "\n".join(row.rstrip() for row in rows)


def footer(diagnostics: Sequence[Diagnostic]) -> str:
    """How many errors and warnings in how many files, and where to read more. There must be at least one."""
    counts = Counter("error" if diagnostic.is_error else "warning" for diagnostic in diagnostics)
    kinds = " and ".join(_counted(counts[kind], kind) for kind in ("error", "warning") if counts[kind])
    files = _counted(len({diagnostic.place.source.path for diagnostic in diagnostics}), "file")
    worst = next((one for one in diagnostics if one.is_error), diagnostics[0])
    return f"{kinds} in {files}. For the reasoning behind a code: medspec explain {worst.code}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _title(diagnostic: Diagnostic, look: _Look) -> str:
    return look.paint(": " + look.clean(diagnostic.title), "title")


def _header(position: str, gutter: int, look: _Look, *, is_first: bool) -> str:
    if look.ascii:
        arrow = " " * gutter + ("-->" if is_first else ":::")
    else:
        arrow = " " * (gutter + 1) + ("╭─" if is_first else "├─")
    return look.paint(arrow, "gutter") + " " + look.clean(position)


def _marks(label: Label, is_main: bool) -> list[_Mark]:
    """The parts of a label to underline: all of it, or its first and its last line, which carries the text."""
    source = label.place.source
    start = min(label.place.start, len(source.text))
    end = min(label.place.end, len(source.text))
    if end > start and source.text[end - 1] == "\n":
        end -= 1
    first, column = source.line_and_column(start)
    last, end_column = source.line_and_column(max(start, end))
    opening, closing = source.line_text(first), source.line_text(last)
    if first == last:
        stop = min(end_column - 1, len(opening))
        return [_Mark(first, column - 1, max(stop, column), label.text, is_main)]
    indent = min(len(closing) - len(closing.lstrip()), max(end_column - 2, 0))
    return [
        _Mark(first, column - 1, max(len(opening), column), "", is_main),
        _Mark(last, indent, max(end_column - 1, indent + 1), label.text, is_main),
    ]


def _excerpt(source: Source, marks: Sequence[_Mark], gutter: int, severity: str, look: _Look) -> Iterator[str]:
    """The marked lines of one file, each with its marks below it. One line between two of them is shown as well."""
    blank = look.paint(" " * (gutter + 1) + look.bar, "gutter")
    yield blank
    before = None
    for line in sorted({mark.line for mark in marks}):
        if before is not None and line - before == 2:
            yield from _line(source, line - 1, [], gutter, severity, look)
        elif before is not None and line - before > 2:
            yield look.paint(" " * (gutter + 1) + look.gap, "gutter")
        here = sorted((mark for mark in marks if mark.line == line), key=lambda mark: not mark.is_main)
        yield from _line(source, line, here, gutter, severity, look)
        before = line


def _line(source: Source, line: int, marks: Sequence[_Mark], gutter: int, severity: str, look: _Look) -> Iterator[str]:
    shown = list(cells(source.line_text(line), ascii=look.ascii))
    edges = list(accumulate((cell.width for cell in shown), initial=0))
    number = look.paint(f"{line:>{gutter}} {look.bar}", "gutter") + " "
    blank = look.paint(" " * (gutter + 1) + look.bar, "gutter") + " "
    for first, last, here in _windows(edges, marks):
        opening = look.cut if first > 0 else ""
        closing = look.cut if last < len(shown) else ""
        yield number + opening + "".join(cell.shown for cell in shown[first:last]) + closing
        shift = len(opening) - edges[first]
        for mark in here:
            begin, end = _column(edges, mark.start) + shift, _column(edges, mark.end) + shift
            end = min(max(end, begin + 1), shift + edges[last] + len(closing) + (not closing))
            for row in _underline(begin, max(end, begin + 1), mark, severity, look):
                yield blank + row


def _windows(edges: Sequence[int], marks: Sequence[_Mark]) -> list[tuple[int, int, list[_Mark]]]:
    """Which cells of a line to show, as (first, last, marks in there); several times when marks lie far apart."""
    if edges[-1] <= WIDEST:
        return [(0, len(edges) - 1, list(marks))]
    if not marks:
        return [(0, _last_cell(edges, 0), [])]
    windows: list[tuple[int, int, list[_Mark]]] = []
    for mark in marks:
        begin, end = _column(edges, mark.start), _column(edges, mark.end)
        for first, last, held in windows:
            if edges[first] <= begin and end <= edges[last]:
                held.append(mark)
                break
        else:
            margin = (WIDEST - min(end - begin, WIDEST)) // 2
            start = max(0, min(begin - margin, edges[-1] - WIDEST))
            first = next(index for index, edge in enumerate(edges) if edge >= start)
            windows.append((first, _last_cell(edges, first), [mark]))
    return windows


def _last_cell(edges: Sequence[int], first: int) -> int:
    return max(index for index, edge in enumerate(edges) if edge <= edges[first] + WIDEST)


def _column(edges: Sequence[int], index: int) -> int:
    """The column of code point `index`, which may lie behind the end of the line."""
    return edges[index] if index < len(edges) else edges[-1] + index - len(edges) + 1


def _underline(begin: int, end: int, mark: _Mark, severity: str, look: _Look) -> Iterator[str]:
    part = severity if mark.is_main else "other"
    text = look.clean(mark.text, breaks=True).split("\n")
    line = ("^" if mark.is_main else "-") * (end - begin)
    yield " " * begin + look.paint(f"{line} {text[0]}".rstrip(), part)
    for further in text[1:]:
        yield " " * (end + 1) + look.paint(further, part)


def _remarks(diagnostic: Diagnostic, gutter: int, look: _Look) -> Iterator[str]:
    """Notes, then helps; the lines after the first of each stand under the start of its text."""
    remarks = [("note", text) for text in diagnostic.notes] + [("help", text) for text in diagnostic.helps]
    if remarks:
        yield look.paint(" " * (gutter + 1) + look.bar, "gutter")
    for kind, text in remarks:
        first, *further = look.clean(text, breaks=True).split("\n")
        head = " " * (gutter + 1) + "= "
        yield look.paint(head, "gutter") + look.paint(f"{kind}:", "note") + " " + first
        for line in further:
            yield " " * len(f"{head}{kind}: ") + line
