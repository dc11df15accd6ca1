'''Texts between `"""`: what they say once the indentation of the spec file is taken away.

The first line break and a last blank line are dropped, and the indentation that all lines share goes. A text that begins
on the line of its opening quotes keeps that line as it is. Nothing else is changed: no trimming inside, no escapes.
'''

from __future__ import annotations

import re
from bisect import bisect_right
from os.path import commonprefix

import attrs

_ESCAPED = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r'\\([nt"\\])')


@attrs.frozen
class Block:
    """A dedented text. `pieces` are (offset in `text`, offset in the source file) pairs, ascending."""

    text: str
    pieces: tuple[tuple[int, int], ...]

    def source_offset(self, offset: int) -> int:
        """Where in the source file the code point at `offset` of `text` stands."""
        index = bisect_right(self.pieces, (offset, 1 << 60)) - 1
        at, source = self.pieces[max(index, 0)]
        return source + offset - at


def unescape_block(written: str, start: int) -> Block:
    r"""The text of a string from what stands between its quotes: `\n`, `\t`, `\"` and `\\`; other escapes stay as they are.

    `start` is the offset of its first letter in its file.
    """
    text = ""
    pieces = [(0, start)]
    at = 0
    for match in _ESCAPE.finditer(written):
        text += written[at : match.start()] + _ESCAPED[match.group(1)]
        at = match.end()
        pieces.append((len(text), start + at))
    return Block(text + written[at:], tuple(pieces))


def dedent(raw: str, start: int) -> Block:
    """The text between the quotes, which begins at offset `start` of its file."""
    lines: list[tuple[int, str]] = []
    at = start
    for line in raw.split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    body = lines
    if len(body) > 1 and not body[0][1].strip():
        body = body[1:]
        keep_first = False
    else:
        keep_first = True
    if len(body) > 1 and not body[-1][1].strip():
        body = body[:-1]
    indented = body[1:] if keep_first else body
    # A tab and four blanks are not the same indentation, however wide a tab is shown.
    margin = commonprefix([line[: len(line) - len(line.lstrip(" \t"))] for _, line in indented if line.strip()])
    text = ""
    pieces = []
    for index, (offset, line) in enumerate(body):
        cut = 0 if keep_first and index == 0 else len(commonprefix([margin, line]))
        pieces.append((len(text), offset + cut))
        text += line[cut:] + "\n"
    return Block(text[:-1], tuple(pieces))


def reindent(raw: str, indent: int) -> str:
    """The text between the quotes with its lines moved to `indent` blanks; `raw` where that would change what it says."""
    said = dedent(raw, 0).text
    first, *others = raw.split("\n")
    if not others:
        return raw
    lines = said.split("\n")
    opens_alone = not first.strip()
    closes_alone = len(others) + (not opens_alone) > len(lines)
    moved = [" " * indent + line if line else "" for line in (lines if opens_alone else lines[1:])]
    result = "\n".join(["" if opens_alone else first, *moved, *([" " * indent] if closes_alone else [])])
    return result if dedent(result, 0).text == said else raw
