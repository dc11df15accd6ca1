"""Spec files on the disk: which files a path means, and what stands in them.

Specs are UTF-8, with or without a byte order mark. Lines may end as on Windows; a `Source` has them end in `\\n` alone.
"""

from __future__ import annotations

from pathlib import Path

from medspec.errors import DataError
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source

SUFFIX = ".medspec"


def spec_files(path: Path) -> list[Path]:
    """`path` itself, or the specs under the folder `path`, in order. Raises `DataError` where there is none."""
    if path.is_dir():
        found = sorted(path.rglob(f"*{SUFFIX}"))
        if not found:
            raise DataError(f"there are no {SUFFIX} files in {path}")
        return found
    if not path.exists():
        raise DataError(f"there is no file {path}")
    return [path]


def read_spec(path: Path, report: Report) -> Source | None:
    """The text of one spec; None after reporting that it is not UTF-8. Raises `DataError` when it cannot be read."""
    return decode_spec(read_bytes(path), str(path), report)


def read_bytes(path: Path) -> bytes:
    """What stands in a file. Raises `DataError` when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error


def decode_spec(data: bytes, path: str, report: Report) -> Source | None:
    """The bytes of a spec as a `Source`; `path` is what it is called in messages. None after reporting."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        report.add(
            "E0107",
            f"this file is not UTF-8: byte {error.start} in line {line}",
            Place(Source(path, ""), 0, 0),
            helps=["save it as UTF-8"],
        )
        return None
    return Source(path, text.replace("\r\n", "\n"))
