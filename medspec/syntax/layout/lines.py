"""Entries to lines of text, with their comments where they belong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import attrs

from medspec.syntax.blocks import reindent
from medspec.syntax.layout.breaking import INDENT, WIDTH, broken_parts
from medspec.syntax.layout.columns import in_columns
from medspec.syntax.layout.shape import Comment, Enclosed, Part, Word, flat_text

QUOTES = '"""'
MOST_BLANKS = 30
"""Comments of neighbouring lines stand in one column unless that takes more blanks than this before one of them."""


@attrs.frozen
class Row:
    """One line, or a text of several, and the comment at its end; "" where there is none."""

    text: str
    comment: str = ""

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def width(self) -> int:
        return len(self.text.rpartition("\n")[2])


def written(rows: Iterable[Row]) -> str:
    """Rows as text, with their comments: those of lines that follow each other stand in one column."""
    lines = []
    for (has_comment, _), group in groupby(rows, key=lambda row: (bool(row.comment), row.indent)):
        run = list(group)
        if not has_comment:
            lines += [row.text for row in run]
            continue
        edge = max(row.width for row in run)
        if edge - min(row.width for row in run) > MOST_BLANKS:
            edge = 0
        lines += [row.text + " " * max(edge - row.width, 0) + "  " + row.comment for row in run]
    return "\n".join(lines)


def entry_lines(parts: Sequence[Part], indent: int) -> list[Row]:
    """The lines of one entry and the comments above it. `indent` is the column they begin in, from 0."""
    broken = broken_parts(parts, indent)
    lines: list[Row] = []
    line = _Line(indent)
    for index, part in enumerate(parts):
        if isinstance(part, Word):
            line.add(part)
        elif index not in broken:
            line.add(part.open, shown=part.flat)
            line.comments += _behind(part.close)
        else:
            line.add(part.open)
            lines += line.finished()
            lines += _inside(part, indent + INDENT)
            # The comments before a closing bracket have been written. What moves above it would be one of them.
            line = _Line(indent, comment_indent=indent + INDENT)
            line.add(attrs.evolve(part.close, before=[], blank=False))
    return lines + line.finished()


def comment_lines(comments: Sequence[Comment], indent: int, *, after: bool) -> list[Row]:
    """Comments on lines of their own. `after`: something stands above them, so the first may keep its empty line."""
    lines: list[Row] = []
    for comment in comments:
        if comment.blank and (lines or after):
            lines.append(Row(""))
        lines.append(Row(" " * indent + comment.text))
    return lines


def _inside(enclosed: Enclosed, indent: int) -> list[Row]:
    lines: list[Row] = []
    if enclosed.style in ("list", "names") and enclosed.is_simple:
        lines += _filled(enclosed, indent)
    elif enclosed.style == "block":
        padded = in_columns(enclosed.entries, indent)
        for entry, parts in zip(enclosed.entries, padded, strict=True):
            if lines and entry.blank_before:
                lines.append(Row(""))
            lines += entry_lines(parts, indent)
    else:
        for entry in enclosed.entries:
            lines += entry_lines(entry.parts, indent)
    return lines + comment_lines(enclosed.close.before, indent, after=bool(lines))


def _filled(enclosed: Enclosed, indent: int) -> list[Row]:
    """Short entries, as many to a line as there is room for."""
    lines: list[str] = []
    for entry in enclosed.entries:
        shown = flat_text(entry.parts)
        if lines and len(lines[-1]) + 1 + len(shown) <= WIDTH:
            lines[-1] += " " + shown
        else:
            lines.append(" " * indent + shown)
    return [Row(line) for line in lines]


def _behind(close: Word) -> list[tuple[Comment, bool]]:
    return [(comment, True) for comment in close.after]


@attrs.define
class _Line:
    """One line while it is being put together.

    `comments` are those at its words after the first, True for those at the end of a line. The last of them can stay at
    the end; the others move above the line, since only one fits there.
    """

    indent: int
    comment_indent: int = attrs.Factory(lambda line: line.indent, takes_self=True)
    text: str = ""
    above: list[Comment] = attrs.field(factory=list)
    blank: bool = False
    comments: list[tuple[Comment, bool]] = attrs.field(factory=list)

    def add(self, word: Word, *, shown: str | None = None) -> None:
        """Add a word, or as `shown` the whole bracket that it opens."""
        text = word.text if shown is None else shown
        if word.is_long:
            text = QUOTES + reindent(text[3:-3], self.indent + INDENT) + QUOTES
        if self.text:
            self.text += word.space + text
            self.comments += [(comment, False) for comment in word.before]
        else:
            self.text, self.above, self.blank = text, word.before, word.blank
        self.comments += [(comment, True) for comment in word.after]

    def finished(self) -> list[Row]:
        """The line, with comments above it and at its end; an empty line before all of it is left to the caller."""
        moved = [comment for comment, _ in self.comments]
        trailing = moved.pop().text if self.comments and self.comments[-1][1] else ""
        plain, docs, blank = _docs_last(self.above, self.blank)
        lines = comment_lines(plain, self.indent, after=False)
        if plain and blank:
            lines.append(Row(""))
        for comment in (*moved, *docs):
            lines.append(Row(" " * self.comment_indent + comment.text))
        return [*lines, Row(" " * self.indent + self.text, trailing)]


def _docs_last(comments: Sequence[Comment], blank: bool) -> tuple[list[Comment], list[Comment], bool]:
    """Plain comments, doc comments, and whether an empty line stands between; `blank` is the one behind all of them.

    A doc comment stands right above what it documents, so other comments move above it, and the empty line before it with
    them.
    """
    plain: list[Comment] = []
    docs: list[Comment] = []
    waiting = False
    for comment in comments:
        if comment.is_doc:
            docs.append(comment)
            waiting = waiting or comment.blank
        else:
            plain.append(attrs.evolve(comment, blank=comment.blank or waiting))
            waiting = False
    return plain, docs, waiting if docs else blank
