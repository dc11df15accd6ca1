"""The vectors of images, each image encoded once, under ids that can stand in a prompt like token ids.

Every vector of an image has a negative id: -1, -2, ... in the order in which images were met. So a prompt with images is a
list of ids like any other, and equal images have equal ids: what is shared between prompts is found by comparing ids, images
included. Vectors are kept up to a budget, the least used ones go first, and are made again when they are asked for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from medspec.backends.base import Picture

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

BUDGET = 2_000_000_000
"""Bytes of vectors that are kept."""


@attrs.frozen(kw_only=True)
class Encoded:
    """The vectors [places, width] of one image. `grid` is their number in rows and columns where positions need it.

    `tiles` are the rows and columns an image was cut into, before the whole image, or (0, 0) for the whole image alone; None
    for models that know no tiles.
    """

    vectors: NDArray[numpy.float32]
    grid: tuple[int, int] | None = None
    tiles: tuple[int, int] | None = None


@attrs.frozen(kw_only=True)
class Placed:
    """An image with its ids: `first`, `first - 1`, ... `count` of them."""

    first: int
    count: int
    grid: tuple[int, int] | None
    tiles: tuple[int, int] | None
    picture: Picture

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first - self.count, -1))


@attrs.define
class Features:
    """Images by their bytes, and vectors by id. `encode` makes the vectors of one image; what it raises is passed on."""

    encode: Callable[[Picture], Encoded]
    budget: int = BUDGET
    encoded: int = 0
    """How often an image was encoded: more than once for one that had to make room."""
    _placed: dict[str, Placed] = attrs.field(factory=dict)
    _starts: list[int] = attrs.field(factory=list)
    _by_start: list[Placed] = attrs.field(factory=list)
    _kept: OrderedDict[int, NDArray[numpy.float32]] = attrs.field(factory=OrderedDict)
    _bytes: int = 0
    _next: int = 1

    def place(self, picture: Picture) -> Placed:
        """The ids of an image, which is encoded when it is met for the first time."""
        found = self._placed.get(picture.sha256)
        if found is None:
            made = self._make(picture)
            found = Placed(
                first=-self._next, count=len(made.vectors), grid=made.grid, tiles=made.tiles, picture=picture
            )
            self._placed[picture.sha256] = found
            self._starts.append(self._next)
            self._by_start.append(found)
            self._next += found.count
            self._keep(found.first, made.vectors)
        return found

    def image_of(self, id: int) -> tuple[Placed, int]:
        """The image a negative id belongs to, and which of its vectors it is, from 0."""
        found = self._by_start[bisect_right(self._starts, -id) - 1]
        return found, found.first - id

    def vectors(self, ids: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
        """The vectors [n, width] of negative `ids` [n]."""
        import numpy as np

        places = np.searchsorted(np.array(self._starts), -ids, side="right") - 1
        parts = {int(place): self._of(self._by_start[int(place)]) for place in np.unique(places)}
        width = next(iter(parts.values())).shape[1]
        found = np.empty((len(ids), width), dtype=np.float32)
        for place, vectors in parts.items():
            here = places == place
            found[here] = vectors[self._by_start[place].first - ids[here]]
        return found

    def _of(self, placed: Placed) -> NDArray[numpy.float32]:
        kept = self._kept.get(placed.first)
        if kept is not None:
            self._kept.move_to_end(placed.first)
            return kept
        vectors = self._make(placed.picture).vectors
        self._keep(placed.first, vectors)
        return vectors

    def _make(self, picture: Picture) -> Encoded:
        self.encoded += 1
        return self.encode(picture)

    def _keep(self, first: int, vectors: NDArray[numpy.float32]) -> None:
        self._kept[first] = vectors
        self._bytes += vectors.nbytes
        while self._bytes > self.budget and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
