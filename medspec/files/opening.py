"""Opening a data file: what it is called in messages, its digest, its lines, and the things that are not data at all.

A download that went wrong leaves a file under the right name: a Git-LFS pointer, a login page, an archive. These are
recognised by their first bytes and refused in words, before any parser says something less clear. One file compressed
with gzip, whose name ends in `.gz`, is read as if it were unpacked (see `files/gzipped.py`); its digest is that of its bytes.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import attrs

from medspec.errors import DataError
from medspec.files.gzipped import UnpackedTooLarge, open_unpacked

_HEAD = 64
_BLOCK = 1 << 20
_PARQUET = b"PAR1"
_LFS = b"version https://git-lfs.github.com/spec/"

_ARCHIVES = (
    (b"\x1f\x8b", "compressed with gzip, twice or under a name that does not end in .gz"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
)


@attrs.frozen
class DataFile:
    """A file to read. `name` is what messages call it; `path` is where it is."""

    path: Path
    name: str

    def check(self, *, parquet: bool) -> None:
        """Raise `DataError` if the file cannot be read, is empty, or is plainly not data in text (or Parquet) form."""
        try:
            with self.path.open("rb") if parquet else open_unpacked(self.path) as stream:
                head = stream.read(_HEAD)
        except (OSError, EOFError, zlib.error) as error:
            raise self.cannot_read(error) from error
        if not head:
            raise self.fault("the file is empty (0 bytes)")
        if head.startswith(_LFS):
            raise self.fault("this is a Git-LFS pointer, not the data; fetch the file itself with `git lfs pull`")
        for magic, what in _ARCHIVES:
            if head.startswith(magic):
                raise self.fault(f"the file is {what}; unpack it and name the file inside")
        if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise self.fault("this is a web page, perhaps a login page that was saved in place of the data")
        if parquet and not head.startswith(_PARQUET):
            raise self.fault("this is no Parquet file: it does not begin with PAR1")
        if not parquet and head.startswith(_PARQUET):
            raise self.fault("this is a Parquet file; read it with `parquet(...)`")
        if not parquet and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise self.fault("the text is UTF-16; save it as UTF-8")

    def digest(self) -> str:
        """Hex sha256 of the file's bytes."""
        hashed = sha256()
        try:
            with self.path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    hashed.update(block)
        except OSError as error:
            raise self.cannot_read(error) from error
        return hashed.hexdigest()

    def text(self) -> str:
        """The whole file as text, without a byte order mark."""
        return "".join(line for _, line in self.lines())

    def lines(self) -> Iterator[tuple[int, str]]:
        """Number (from 1) and text of each line, with its line break, without a byte order mark.

        Lines end with LF or CRLF. Raises `DataError` where a line is not UTF-8.
        """
        for number, offset, line in self.raw_lines():
            try:
                yield number, line.decode()
            except UnicodeDecodeError as error:
                raise self.fault(self.not_utf8(error, offset), line=number) from None

    def raw_lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Number (from 1), byte offset and bytes of each line, without a byte order mark."""
        offset = 0
        try:
            with open_unpacked(self.path) as stream:
                for number, line in enumerate(stream, start=1):
                    start, offset = offset, offset + len(line)
                    if number == 1 and line.startswith(codecs.BOM_UTF8):
                        start, line = start + len(codecs.BOM_UTF8), line[len(codecs.BOM_UTF8) :]
                    yield number, start, line
        except (OSError, EOFError, zlib.error) as error:
            raise self.cannot_read(error) from error

    def not_utf8(self, error: UnicodeDecodeError, line_offset: int) -> str:
        """Words for bytes that are not UTF-8 in a line that starts `line_offset` bytes into the file."""
        return f"not UTF-8: byte {error.object[error.start]:#04x} at offset {line_offset + error.start:,} of the file"

    def fault(self, what: str, *, line: int | None = None) -> DataError:
        """A `DataError` about this file, or about one line of it."""
        return DataError(f"{self.at(line)}: {what}")

    def at(self, line: int | None) -> str:
        """The file's name, with the line behind it in the form editors understand."""
        return self.name if line is None else f"{self.name}:{line}"

    def cannot_read(self, error: OSError | EOFError | zlib.error) -> DataError:
        """A `DataError` for what the operating system said, or for what is wrong inside a gzip file."""
        match error:
            case UnpackedTooLarge():
                return self.fault(str(error))
            case EOFError():
                return self.fault("the gzip file ends too early; the download may have been cut off")
            case gzip.BadGzipFile() | zlib.error():
                return self.fault(f"no sound gzip file: {error}")
            case FileNotFoundError():
                return self.fault("there is no such file")
            case IsADirectoryError():
                return self.fault("this is a directory; name a file in it")
            case PermissionError():
                return self.fault("no permission to read this file")
        return self.fault(f"cannot be read: {getattr(error, 'strerror', None) or error}")
