"""`image`: a picture, named by its path relative to the data root. An input only, never an answer.

Loading a row looks at the path's text and opens nothing; `image[1..4]` is a list of them. Boxes that data give in
pixels and a spec wants in fractions need the picture's size: `sizes_from` lends whoever loads rows a way to look it up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type

Sizes = Callable[[str], tuple[int, int]]
"""Width and height in pixels of the image with this path. Raises `Misfit` for one that cannot be read."""

_SIZES: ContextVar[Sizes | None] = ContextVar("sizes", default=None)


@contextmanager
def sizes_from(sizes: Sizes) -> Iterator[None]:
    """While this lasts, `size_of` asks `sizes`."""
    token = _SIZES.set(sizes)
    try:
        yield
    finally:
        _SIZES.reset(token)


def size_of(path: str) -> tuple[int, int]:
    """Width and height of an image in pixels. Raises `Misfit` where nobody knows."""
    sizes = _SIZES.get()
    if sizes is None:
        raise Misfit("the size of the image is not known here; state it: `from box(xyxy, pixel, width: w, height: h)`")
    return sizes(path)


@attrs.frozen
class ImageType:
    """Values are paths, as text."""

    kind = "image"
    spelled = "image"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> str:
        if isinstance(raw, str) and raw.strip():
            return raw
        raise Misfit("expected the path of an image, relative to the data root")

    def to_json(self, value: str) -> str:
        return value

    def invent(self, rng: random.Random, row: Row) -> str:
        return f"images/{rng.randrange(10_000):04}.png"
