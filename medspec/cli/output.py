"""Writing for people and for programs.

People get UTF-8 box drawing and colours where their terminal has them, and plain ASCII where it has not. Programs get
UTF-8 JSON whatever the terminal is set to. Nothing here imports rich.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from medspec.text.cells import safe

if TYPE_CHECKING:
    from medspec.text.diagnostic import Diagnostic


_IN_ASCII = str.maketrans({"│": "|", "├": "|", "└": "`", "╭": ".", "─": "-", "⋮": ":", "…": "..."})
"""What our own drawings become where they cannot be shown."""


def wants_colour(stream: TextIO) -> bool:
    """True on a terminal, unless `NO_COLOR` is set; with `FORCE_COLOR` everywhere."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def is_ascii_only(stream: TextIO) -> bool:
    """True when `stream` cannot take the letters that boxes are drawn with."""
    try:
        "".join(map(chr, _IN_ASCII)).encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def print_text(text: str, stream: TextIO | None = None, *, coloured: bool = False) -> None:
    """Write `text` and a line break (none after an empty text). Letters the stream cannot take are written out.

    So is what a terminal would obey: names, paths, replies and files in `text` are from anywhere. `coloured` is for a text
    that has colours of our own.
    """
    stream = stream or sys.stdout
    if not text:
        return
    text = safe(text, coloured=coloured)
    if is_ascii_only(stream):
        text = text.translate(_IN_ASCII)
    encoding = stream.encoding or "utf-8"
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    stream.write(shown if shown.endswith("\n") else shown + "\n")


def print_source(text: str) -> None:
    """Write text that is to be kept, a spec or a patch: as it is into a file or a pipe, as `print_text` on a terminal."""
    (print_text if sys.stdout.isatty() else print_for_programs)(text)


def print_for_programs(text: str) -> None:
    """Write `text`, which a program will read, to the standard output as UTF-8."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="strict")
    sys.stdout.write(text if not text or text.endswith("\n") else text + "\n")


def print_json(value: Any) -> None:
    """Write plain JSON, two spaces to the level."""
    print_for_programs(json.dumps(value, indent=2, ensure_ascii=False))


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Write diagnostics as a person reads them."""
    from medspec.text.render import render

    colour = wants_colour(stream)
    print_text(render(diagnostics, colour=colour, ascii=is_ascii_only(stream)), stream, coloured=colour)


def columns_of(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Lines of cells, each column as wide as its widest cell; the columns in `right` end at the same place."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    shown = (
        [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return ["  ".join(cells).rstrip() for cells in shown]


def counted(count: int, noun: str) -> str:
    """`1 task`, `2 tasks`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
