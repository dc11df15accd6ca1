"""Cuts a file into islands: one top-level declaration each, so that one mistake spoils one declaration.

An island starts where a line begins (column 1) with a declaration keyword followed by a name, outside texts and comments.
The doc comments right above it belong to it. Found on the way, since nobody could say it better later: texts that are
never closed, characters that begin nothing, brackets that do not match.
"""

from __future__ import annotations

import re

import attrs

from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Place, Source

KEYWORDS = (
    "enum",
    "record",
    "dataset",
    "phrase",
    "prompt",
    "model",
    "dialect",
    "judge",
    "panel",
    "task",
    "suite",
    "example",
)
"""The declaration keywords; the grammar's `key` rule lists the same."""

MAX_LENGTH = 1_000_000
"""Characters of one file. The largest catalogue known, of 13,000 tasks, has 1.6 million in a thousand files."""

MAX_DEPTH = 100

_HEAD = re.compile(
    r"^(?:edition[ \t]+\d|import[ \t]+[A-Za-z_]"
    r"|(?:enum|record|dataset|phrase|prompt|model|dialect|judge|panel|task|suite)[ \t]+[A-Za-z_]\w*[ \t]*(?:[{(:@=]|from\b|$)"
    r"|example[ \t]+[A-Za-z_][\w.]*[ \t]*\")",
    re.MULTILINE,
)
# A misspelt or foreign keyword in the place of a declaration: two words and an opening brace, outside all brackets.
_UNKNOWN_HEAD = re.compile(r"^[A-Za-z_]\w*[ \t]+[A-Za-z_]\w*[^={\n]*\{", re.MULTILINE)
_TEXT_HEAD = re.compile(
    r"^(?:(?:enum|record|dataset|phrase|prompt|model|dialect|judge|panel|task|suite)[ \t]+[A-Za-z_]\w*[ \t]*(?:@\d+[ \t]*)?[{(:=][^\n]*"
    r"|example[ \t]+[A-Za-z_][\w.]*[ \t]*\"[^\n]*)$",
    re.MULTILINE,
)
_TOKEN = re.compile(
    r'(?P<doc>##[^\n]*)|(?P<comment>#[^\n]*)|(?P<text>""")|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<quote>")'
    r"|(?P<open>[{(\[])|(?P<close>[})\]])|(?P<fine>[A-Za-z0-9_ \t\r\n@:=.,?<>\-!&|+*/]+)|(?P<bad>.)",
    re.DOTALL,
)
_ROLE_AT_END = re.compile(r"(?:^|\n)[ \t]*(?:system|user|assistant)[ \t]*\Z")
# A text in other quotes, with neither a quote nor a backslash in it, where a text may end.
_FOREIGN_QUOTES = re.compile(
    r"(?<!\w)(?:'(?P<a>[^'\"\\\n]*)'|[\u201c\u201d\u201e](?P<b>[^\u201c\u201d\u201e\"\\\n]*)[\u201c\u201d]"
    r"|\u00ab(?P<c>[^\u00ab\u00bb\"\\\n]*)\u00bb)(?=[\s,)\]}]|\Z)"
)
_PAIRS = {")": "(", "]": "[", "}": "{"}


@attrs.frozen
class Island:
    """The range `[start, end)` of a file. `broken`: a problem has been reported, so it is not parsed."""

    start: int
    end: int
    broken: bool = False


def cut(source: Source, report: Report) -> tuple[Island, ...]:
    """The islands of a file, in order, without gaps."""
    text = source.text
    if len(text) > MAX_LENGTH:
        place = Place(source, 0, 0)
        report.add("E0107", f"this file is too large: {len(text):,} characters, at most {MAX_LENGTH:,}", place)
        return ()
    islands: list[Island] = []
    start = 0
    while start < len(text):
        end, broken = _Scan(source, report, start).run()
        islands.append(Island(start, end, broken))
        start = end
    return tuple(islands)


@attrs.define
class _Scan:
    """Walks one island from `start` to the next head."""

    source: Source
    report: Report
    start: int
    opened: list[tuple[str, int]] = attrs.field(factory=list)

    def run(self) -> tuple[int, bool]:
        text = self.source.text
        at = self.start
        seen = False  # whether this island holds anything but white space, comments and doc comments
        doc_start: int | None = None
        while at < len(text):
            if (at == 0 or text[at - 1] == "\n") and seen and self._head(at):
                return (doc_start if doc_start is not None else at), self._unclosed(at)
            match = _TOKEN.match(text, at)
            assert match is not None
            group = match.lastgroup
            if group == "doc":
                doc_start = _doc_start(text, at) if doc_start is None else doc_start
            elif group == "fine":
                # Stop at each line break, since a head can only stand at the start of a line.
                end = text.find("\n", at, match.end())
                piece_end = match.end() if end < 0 else end + 1
                if text[at:piece_end].strip():
                    seen, doc_start = True, None
                at = piece_end
                continue
            elif group != "comment":
                seen, doc_start = True, None
                problem = self._token(group or "", match)
                if problem is not None:
                    return problem, True
                if group == "text":
                    at = text.index('"""', match.end()) + 3
                    continue
            at = match.end()
        return len(text), self._unclosed(len(text))

    def _head(self, at: int) -> bool:
        if _HEAD.match(self.source.text, at):
            return True
        return not self.opened and _UNKNOWN_HEAD.match(self.source.text, at) is not None

    def _token(self, group: str, match: re.Match[str]) -> int | None:
        """Looks at one token. Returns where the next island starts if this one is spoilt."""
        if group == "text":
            return self._text(match.start())
        if group == "quote":
            self.report.add(
                "E0103",
                "this string is never closed",
                (self._place(match.start(), 1), "opened here"),
                helps=['close it with `"` on the same line, or write a long text between `"""` and `"""`'],
            )
            return self._next_head(match.end())
        if group == "bad":
            self._bad(match)
            return self._next_head(match.end())
        if group == "open":
            self.opened.append((match.group(), match.start()))
            if len(self.opened) > MAX_DEPTH:
                place = self._place(match.start(), 1)
                self.report.add("E0107", f"brackets are nested more than {MAX_DEPTH} deep", place)
                return self._next_head(match.end())
        elif group == "close":
            return self._close(match)
        return None

    def _close(self, match: re.Match[str]) -> int | None:
        if self.opened and self.opened[-1][0] == _PAIRS[match.group()]:
            self.opened.pop()
            return None
        labels = [(self._place(match.start(), 1), "closes nothing" if not self.opened else "does not match")]
        if self.opened:
            labels.append((self._place(self.opened[-1][1], 1), "opened here"))
        self.report.add("E0102", f"unexpected `{match.group()}`", *labels)
        return self._next_head(match.end())

    def _bad(self, match: re.Match[str]) -> None:
        letter = match.group()
        helps = []
        if letter == "'":
            helps.append('texts stand between double quotes: `"..."`')
        elif letter in "“”„«»":
            helps.append('use the straight quotes `"`')
        elif letter == ";":
            helps.append("leave it out: clauses need no separator")
        elif letter.isalpha():
            helps.append("names are made of the letters a to z, digits and `_`; other letters belong into texts")
        shown = f"`{letter}`" if letter.isprintable() else f"U+{ord(letter):04X}"
        place = self._place(match.start(), 1)
        self.report.add("E0104", f"{shown} has no meaning here", place, helps=helps, edits=self._mended(match.start()))

    def _mended(self, at: int) -> tuple[Edit, ...]:
        """The edit of a character without meaning, where there is no doubt about what was meant."""
        if self.source.text[at] == ";" and (not self.opened or self.opened[-1][0] == "{"):
            return (Edit(self._place(at, 1), ""),)
        quoted = _FOREIGN_QUOTES.match(self.source.text, at)
        if quoted is None:
            return ()
        return (Edit(self._place(at, len(quoted.group())), f'"{quoted[quoted.lastgroup or 0]}"'),)

    def _text(self, start: int) -> int | None:
        """Looks at a text that opens at `start`; a problem when it is not closed where its author meant."""
        text = self.source.text
        end = text.find('"""', start + 3)
        opened = (self._place(start, 3), "opened here")
        head = _TEXT_HEAD.search(text, start + 3, end if end >= 0 else len(text))
        if end < 0:
            helps = [f'close it with `"""` before line {self._line(head.start())}' if head else 'close it with `"""`']
            self.report.add("E0103", "this prompt text is never closed", opened, helps=helps)
            return head.start() if head else len(text)
        if role := _ROLE_AT_END.search(text, start + 3, end):
            line = self._line(role.start() + (1 if text[role.start()] == "\n" else 0))
            self.report.add(
                "E0103",
                "this prompt text is never closed",
                opened,
                (self._place(end, 3), "read as the closing quotes, so what follows is not in any text"),
                helps=[f'close the first text with `"""` at the end of line {line - 1}'],
            )
            return self._next_head(end + 3)
        if head:
            self.report.add(
                "E0103",
                "this prompt text is never closed",
                opened,
                (self._place(head.start(), head.end() - head.start()), "this declaration would be inside the text"),
                helps=[f'close it with `"""` before line {self._line(head.start())}; or indent the text'],
            )
            return head.start()
        return None

    def _unclosed(self, end: int) -> bool:
        """Reports a bracket that is still open at `end`, where the next declaration begins or the file ends."""
        if not self.opened:
            return False
        mark, at = self.opened[0]
        closing = {"{": "}", "(": ")", "[": "]"}[mark]
        labels = [(self._place(at, 1), "opened here")]
        if end < len(self.source.text):
            head = self.source.text[end:].split("\n", 1)[0].rstrip(" {(:=")
            labels.append((self._place(end, len(head)), "the next declaration begins here"))
        self.report.add("E0102", f"this `{mark}` is never closed", *labels, helps=[f"add the missing `{closing}`"])
        return True

    def _next_head(self, at: int) -> int:
        match = _HEAD.search(self.source.text, at)
        if match is None:
            return len(self.source.text)
        start = match.start()
        lines = self.source.text[:start].splitlines(keepends=True)
        # Doc comments right above the head belong to it.
        while lines and lines[-1].startswith("##") and start - len(lines[-1]) >= at:
            start -= len(lines.pop())
        return start

    def _place(self, start: int, length: int) -> Place:
        return Place(self.source, start, start + length)

    def _line(self, offset: int) -> int:
        return self.source.line_and_column(offset)[0]


def _doc_start(text: str, at: int) -> int:
    """Where the declaration begins that a doc comment at `at` belongs to: its line, unless something stands before it there."""
    line = text.rfind("\n", 0, at) + 1
    return at if text[line:at].strip() else line
