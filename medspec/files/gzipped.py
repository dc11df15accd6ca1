"""One file that is compressed with gzip, read as if it were not, up to a bound.

A few kilobytes can unpack to many gigabytes. Text shrinks to a twentieth, seldom to a hundredth; what grows to more than
`MOST_TIMES` its size, beyond the first `FREE` bytes, is no data and is refused while it is unpacked.
"""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO, cast

SUFFIX = ".gz"
MOST_TIMES = 200
FREE = 64 << 20


class UnpackedTooLarge(OSError):
    """The file unpacks to more than its bound."""


def open_unpacked(path: Path) -> BinaryIO:
    """The bytes of the file; of one whose name ends in `.gz`, those inside of it.

    Reading raises `OSError`, `EOFError` or `zlib.error` where it is damaged, `UnpackedTooLarge` beyond the bound.
    """
    if path.suffix.lower() != SUFFIX:
        return path.open("rb")
    packed = path.stat().st_size
    return cast(BinaryIO, io.BufferedReader(_Bounded(path, FREE + MOST_TIMES * packed)))


class _Bounded(io.RawIOBase):
    """What a gzip file holds, up to `most` bytes."""

    def __init__(self, path: Path, most: int) -> None:
        self._inside = gzip.open(path, "rb")
        self._left = most
        self._most = most

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        found = self._inside.readinto(into)
        self._left -= found
        if self._left < 0:
            raise UnpackedTooLarge(
                f"it unpacks to more than {self._most:,} bytes, {MOST_TIMES} times its size and more"
            )
        return found

    def close(self) -> None:
        self._inside.close()
        super().close()
