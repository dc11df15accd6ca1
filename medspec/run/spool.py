"""Sequences that do not fill the memory: what is beyond a budget lies in a temporary file.

    spool = Spool(Budget())
    spool.append(row)            ...as often as there are rows
    rows = spool.done()          a plain list while it fits, else the spool: iterated over and indexed as a list is

The file has no name, is readable by its owner alone, and is gone with the process, however that ends. `Texts` are short
texts that stay in memory, as their bytes alone.
"""

from __future__ import annotations

import pickle
import tempfile
from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Generic, TypeVar, overload

from medspec.errors import StoreError

Item = TypeVar("Item")

BUDGET = 32 << 20
"""How many bytes of values, as they would be written, all sequences of a run may hold in memory together."""

CHUNK = 1024
"""Values that are written and read back together."""

FEW = 1 << 16
"""Up to so many texts are a plain list."""


class Budget:
    """What is left of the memory that the spools of a run share."""

    def __init__(self, size: int | None = None) -> None:
        self.left = BUDGET if size is None else size

    def take(self, size: int) -> bool:
        """Whether `size` more bytes fit; they are then taken."""
        if size > self.left:
            return False
        self.left -= size
        return True


class _Long(Sequence[Item], Generic[Item]):
    """A sequence that says what stands at a place; an index from either end and a slice, which is a list, come of that."""

    @abstractmethod
    def _at(self, place: int) -> Item:
        """What stands at `place`, from 0 to below the length."""

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self._at(place) for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        return self._at(place)


class Spool(_Long[Item]):
    """Values in order: appended to, then read any number of times. Values must be plain ones, as rows are."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._chunks: list[list[Item] | tuple[int, int]] = []
        """Each chunk as a list, or as offset and size in the file."""
        self._open: list[Item] = []
        self._file: IO[bytes] | None = None
        self._end = 0
        self._cached: tuple[int, list[Item]] = (-1, [])

    def append(self, item: Item) -> None:
        """Add one value at the end."""
        self._open.append(item)
        if len(self._open) == CHUNK:
            self._close_chunk()

    def extend(self, items: Iterable[Item]) -> None:
        """Add values at the end."""
        for item in items:
            self.append(item)

    def done(self) -> list[Item] | Spool[Item]:
        """All of it: a list where everything is in memory, else the spool itself."""
        if self._file is not None:
            return self
        return [item for chunk in self._chunks if isinstance(chunk, list) for item in chunk] + self._open

    def __len__(self) -> int:
        return len(self._chunks) * CHUNK + len(self._open)

    def __iter__(self) -> Iterator[Item]:
        for index in range(len(self._chunks)):
            yield from self._chunk(index)
        yield from self._open

    def _at(self, place: int) -> Item:
        number, offset = divmod(place, CHUNK)
        if number == len(self._chunks):
            return self._open[offset]
        if self._cached[0] != number:
            self._cached = (number, self._chunk(number))
        return self._cached[1][offset]

    def __mul__(self, times: int) -> Sequence[Item]:
        """The same values `times` times in turn, as `list * times` has them; nothing is copied."""
        return _Repeated(self, times)

    def _chunk(self, index: int) -> list[Item]:
        chunk = self._chunks[index]
        if isinstance(chunk, list):
            return chunk
        assert self._file is not None
        offset, size = chunk
        self._file.seek(offset)
        found: list[Item] = pickle.loads(self._file.read(size))
        return found

    def _close_chunk(self) -> None:
        # One value stands for its chunk: to write all of them to find their size would take as long as to keep them.
        size = len(pickle.dumps(self._open[0], pickle.HIGHEST_PROTOCOL)) * CHUNK
        if self._file is None and self._budget.take(size):
            self._chunks.append(self._open)
        else:
            self._chunks.append(self._write(pickle.dumps(self._open, pickle.HIGHEST_PROTOCOL)))
        self._open = []

    def _write(self, written: bytes) -> tuple[int, int]:
        try:
            if self._file is None:
                # Without a buffer, so that a full disk is told here and not when the next chunk is read.
                self._file = tempfile.TemporaryFile(prefix="medspec-", buffering=0)
            self._file.seek(self._end)
            _write_all(self._file, written)
        except OSError as error:
            raise StoreError(
                f"rows that do not fit in memory cannot be kept in {tempfile.gettempdir()}: "
                f"{(error.strerror or str(error)).lower()}; name a folder with more room in the variable TMPDIR"
            ) from error
        start, self._end = self._end, self._end + len(written)
        return start, len(written)


def _write_all(file: IO[bytes], data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


class _Repeated(_Long[Item]):
    def __init__(self, items: Sequence[Item], times: int) -> None:
        self._items = items
        self._times = times

    def __len__(self) -> int:
        return len(self._items) * self._times

    def __iter__(self) -> Iterator[Item]:
        for _ in range(self._times):
            yield from self._items

    def _at(self, place: int) -> Item:
        return self._items[place % len(self._items)]


class Texts(_Long[str]):
    """Short texts in order, such as ids, as one run of bytes: each as an object would take several times as much."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")

    def append(self, text: str) -> None:
        """Add one text at the end."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def done(self) -> list[str] | Texts:
        """All of them: a list where they are few, else the texts themselves."""
        return list(self) if len(self) <= FEW else self

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends:
            yield self._bytes[start:end].decode("utf-8", "surrogatepass")
            start = end

    def _at(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        return self._bytes[start : self._ends[place]].decode("utf-8", "surrogatepass")
