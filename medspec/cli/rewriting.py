"""Writing a changed spec over the old one: whole or not at all, where a link points, with the rights the file had."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from medspec.run.whole_files import write_whole


def rewrite(file: Path, text: str) -> None:
    """Replace what stands in `file`, which exists. Raises `StoreError` and keeps the old file where that is not possible."""
    target = file.resolve()
    mode = target.stat().st_mode

    def write(stream: BinaryIO) -> None:
        stream.write(text.encode())
        if hasattr(os, "fchmod"):
            os.fchmod(stream.fileno(), mode)

    write_whole(target, write)


def rewrite_source(file: Path, text: str) -> None:
    """As `rewrite`, with the line breaks and the byte order mark the file has now; `text` has lines that end in a line feed."""
    data = file.read_bytes()
    breaks = data.count(b"\n")
    if breaks and data.count(b"\r\n") == breaks:
        text = text.replace("\n", "\r\n")
    rewrite(file, "\ufeff" * data.startswith(b"\xef\xbb\xbf") + text)
