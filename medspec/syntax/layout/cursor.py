"""Walks along a source and gives the words of the tree with the comments that stand at them, each exactly once.

A comment on a line of its own belongs to the word after it; one behind a word on the same line to that word. Commas and
round brackets that are left out in the one style are passed over, their comments go to their neighbours.
"""

from __future__ import annotations

import re

from medspec.errors import InternalError
from medspec.syntax.layout.shape import Comment, Word
from medspec.text.source import Place, Source

_BLANKS = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"#[^\n]*")
_COMMENT_AFTER = re.compile(r"[ \t\r]*(#(?!#)[^\n]*)")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


class Cursor:
    """A position in `source`. Without a source, for trees that were never written down, words come without comments."""

    def __init__(self, source: Source | None) -> None:
        self.source = source
        self._text = "" if source is None else source.text
        self._at = 0
        self._last: Word | None = None

    def take(self, text: str, space: str = " ", *, tight: bool = False) -> Word:
        """The next word, which must be `text`."""
        word = Word(text=text, space=space, tight=tight)
        if self.source is None:
            return word
        comments, blank = self._comments()
        while not self._text.startswith(text, self._at):
            if self._text[self._at : self._at + 1] not in (",", "(", ")"):
                line, column = self.source.line_and_column(self._at)
                raise InternalError(f"{self.source.path}:{line}:{column}: expected `{text}` here; attach this file")
            self._pass_over(comments)
            more, blank = self._comments()
            comments += more
        word.before, word.blank, word.start = comments, blank, self._at
        self._at += len(text)
        word.after = self._comment_after()
        self._last = word
        return word

    def written(self, place: Place, text: str, space: str = " ") -> Word:
        """The next word, exactly as it stands at `place`; without a source it is `text`."""
        return self.take(text if self.source is None else place.text, space)

    def string(self, place: Place, text: str, space: str = " ") -> Word:
        """The next word, which is a string and says `text`."""
        return self.written(place, '"' + "".join(_ESCAPES.get(letter, letter) for letter in text) + '"', space)

    def comma(self) -> Word:
        """A comma, whether or not there is one in the source."""
        return self.take(",", "") if self.is_next(",") else Word(text=",", space="")

    def rest(self) -> list[Comment]:
        """The comments that are left at the end."""
        return self._comments()[0]

    def wants_lines(self, open: Word, close: Word, *, default: bool) -> bool:
        """True when there is a line break between two words; `default` for words that are in no source."""
        if open.start is None or close.start is None:
            return default
        return "\n" in self._text[open.start : close.start]

    def document(self, word: Word, doc: tuple[str, ...]) -> Word:
        """`word` with a doc comment. A source brings its own."""
        if self.source is None:
            word.before = [Comment(doc_line(line)) for line in doc]
        return word

    def is_next(self, mark: str) -> bool:
        """Does `mark` come next, behind any comments?"""
        at = self._at
        while at < len(self._text):
            at = _end(_BLANKS, self._text, at)
            if self._text[at : at + 1] != "#":
                break
            at = _end(_COMMENT, self._text, at)
        return self._text.startswith(mark, at)

    def _comments(self) -> tuple[list[Comment], bool]:
        """The comments up to the next word, and whether an empty line stands right before that word."""
        found: list[Comment] = []
        while True:
            start = self._at
            self._at = _end(_BLANKS, self._text, start)
            blank = self._text.count("\n", start, self._at) > 1
            comment = _COMMENT.match(self._text, self._at)
            if comment is None:
                return found, blank
            found.append(Comment(_tidy(comment.group()), blank))
            self._at = comment.end()

    def _comment_after(self) -> list[Comment]:
        comment = _COMMENT_AFTER.match(self._text, self._at)
        if comment is None:
            return []
        self._at = comment.end()
        return [Comment(_tidy(comment.group(1)))]

    def _pass_over(self, comments: list[Comment]) -> None:
        self._at += 1
        after = self._comment_after()
        # Comments keep their order: behind one that waits for the next word, this one has to wait too.
        if comments or self._last is None:
            comments += after
        else:
            self._last.after += after


def doc_line(text: str) -> str:
    """A line of a doc comment that says `text`."""
    return f"##{text}" if not text or text.startswith("#") else f"## {text}"


def _tidy(comment: str) -> str:
    return doc_line(comment[2:].strip()) if comment.startswith("##") else comment.rstrip()


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
