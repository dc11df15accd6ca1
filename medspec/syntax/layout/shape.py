"""What is laid out: words with their comments, brackets, and entries, each of which begins a line of its own.

An `Entry` is what stands on one line when there is room: a setting, a field, a declaration. Its parts are words and
brackets, and brackets hold entries again. Where lines end is decided in `breaking.py`, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import attrs

Style = Literal["block", "names", "list", "call"]
"""`block` is `{ a  b }`, `names` `{ a, b }`, `list` `[a, b]`, and `call` everything in round brackets."""


@attrs.frozen
class Comment:
    """A comment as it is written, without trailing blanks. `blank`: an empty line stands before it."""

    text: str
    blank: bool = False

    @property
    def is_doc(self) -> bool:
        return self.text.startswith("##")


@attrs.define(eq=False, kw_only=True)
class Word:
    """One token.

    `space` stands between it and what is before it on its line; a `tight` word has none where its block is on one line.
    `before` are the comments on lines of their own before it, `after` those at the end of its line. `blank`: an empty
    line stands right before it, after its comments. `start` is its offset in the source, None for a word that is not there.
    """

    text: str
    space: str = " "
    tight: bool = False
    before: list[Comment] = attrs.field(factory=list)
    after: list[Comment] = attrs.field(factory=list)
    blank: bool = False
    start: int | None = None

    @property
    def is_long(self) -> bool:
        """A text of several lines."""
        return "\n" in self.text

    @property
    def has_comments(self) -> bool:
        return bool(self.before or self.after)


@attrs.define(eq=False, kw_only=True, slots=False)
class Enclosed:
    """Brackets with what is in them. `gap` stands between entries on one line. `wants_lines`: its author broke it."""

    open: Word
    entries: list[Entry]
    close: Word
    style: Style
    gap: str = " "
    wants_lines: bool = False

    @cached_property
    def must_break(self) -> bool:
        """It cannot be on one line: its author broke it, or there is a comment or a text of several lines in it."""
        if self.wants_lines or self.open.after or self.close.before:
            return True
        return any(entry.must_break for entry in self.entries)

    @cached_property
    def holds_block(self) -> bool:
        """There is a block in it, or it is one."""
        return bool(self.style == "block" and self.entries) or any(
            isinstance(part, Enclosed) and part.holds_block for entry in self.entries for part in entry.parts
        )

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        if not self.entries:
            return self.open.text + self.close.text
        inside = self.gap.join(flat_text(entry.parts, tight=True) for entry in self.entries)
        edge = " " if self.style in ("block", "names") else ""
        return f"{self.open.text}{edge}{inside}{edge}{self.close.text}"

    @property
    def is_simple(self) -> bool:
        """Its entries are names, numbers and strings without comments, so several of them may share a line."""
        return all(isinstance(part, Word) and not part.has_comments for entry in self.entries for part in entry.parts)


Part = Word | Enclosed


@attrs.define(eq=False, kw_only=True, slots=False)
class Entry:
    """What begins a line of its own. Entries of one `kind` that follow each other stand in columns.

    `marks` are the parts that begin a column, None for a column this entry has not. A `clause` has no `=`: it leaves the
    columns when its own block is broken, since nothing can be seen to stand below anything then.
    """

    parts: list[Part]
    kind: str = ""
    marks: tuple[int | None, ...] = ()
    is_clause: bool = False

    @property
    def first(self) -> Word:
        return first_word(self.parts)

    @property
    def blank_before(self) -> bool:
        """An empty line stands before it and its comments."""
        first = self.first
        return first.before[0].blank if first.before else first.blank

    @cached_property
    def must_break(self) -> bool:
        """It cannot be a part of one line with others."""
        return any(_breaks(part) for part in self.parts)


def first_word(parts: list[Part]) -> Word:
    """The word that `parts` begin with."""
    first = parts[0]
    return first.open if isinstance(first, Enclosed) else first


def flat_text(parts: list[Part], *, tight: bool = False) -> str:
    """`parts` on one line, without what stands before the first."""
    return "".join(_flat_pieces(parts, tight))


def _flat_pieces(parts: list[Part], tight: bool) -> Iterator[str]:
    for index, part in enumerate(parts):
        word = part.open if isinstance(part, Enclosed) else part
        if index and not (tight and word.tight):
            yield word.space
        yield part.flat if isinstance(part, Enclosed) else part.text


def _breaks(part: Part) -> bool:
    if isinstance(part, Enclosed):
        return part.must_break or part.open.has_comments or part.close.has_comments
    return part.is_long or part.has_comments
