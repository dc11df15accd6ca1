"""Invented scans: a body, organs, noise, and objects of a few kinds drawn into it, each with its box.

All images are gray, `SIZE` x `SIZE`, as arrays [row, column] of brightness from 0 to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Image = NDArray[numpy.float32]

SIZE = 64
"""Width and height of every image in pixels."""

KINDS = ("disc", "ring", "cross", "bar", "square", "wedge")
"""What can be drawn; the words by which questions name it."""

_SMALLEST, _LARGEST = 9, 19
_GAP = 2

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom are the first column and row outside."""


@attrs.frozen(kw_only=True)
class Thing:
    """One object: where it is, and how bright it is above what lies under it."""

    kind: str
    box: Box
    bright: float

    def moved(self, right: int, down: int) -> Thing:
        left, top, end, bottom = self.box
        return attrs.evolve(self, box=(left + right, top + down, end + right, bottom + down))


@attrs.frozen(kw_only=True)
class Scene:
    """A body with its objects. `ground` is the body without them."""

    ground: Image
    things: tuple[Thing, ...]

    def drawn(self) -> Image:
        """The body with its objects."""
        image = self.ground.copy()
        for thing in self.things:
            draw(image, thing)
        return image


def make_ground(rng: numpy.random.Generator) -> Image:
    """A body of one brightness with a few darker and brighter organs, and coarse noise."""
    import numpy as np

    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    image = np.full((SIZE, SIZE), 0.05, dtype=np.float32)
    image += 0.25 * _inside(rows, columns, SIZE / 2, SIZE / 2, rng.uniform(27, 31), rng.uniform(27, 31))
    for _ in range(rng.integers(2, 5)):
        middle = rng.uniform(16, 48, 2)
        radius = rng.uniform(5, 12, 2)
        image += rng.uniform(-0.12, 0.12) * _inside(rows, columns, *middle, *radius)
    coarse = rng.normal(0, 0.03, (SIZE // 4, SIZE // 4)).astype(np.float32)
    return np.clip(image + np.kron(coarse, np.ones((4, 4), dtype=np.float32)), 0, 1)


def make_thing(rng: numpy.random.Generator, kind: str | None = None, *, margin: int = 4) -> Thing:
    """An object of some size somewhere, at least `margin` pixels from the edge."""
    width, height = (int(size) for size in rng.integers(_SMALLEST, _LARGEST, 2))
    left = int(rng.integers(margin, SIZE - margin - width + 1))
    top = int(rng.integers(margin, SIZE - margin - height + 1))
    return Thing(
        kind=kind or str(rng.choice(KINDS)),
        box=(left, top, left + width, top + height),
        bright=float(rng.uniform(0.35, 0.6)),
    )


def make_scene(rng: numpy.random.Generator, kinds: tuple[str | None, ...], *, margin: int = 4) -> Scene:
    """A body with one object of each of `kinds` (None: any), none over another."""
    things: list[Thing] = []
    while len(things) < len(kinds):
        thing = make_thing(rng, kinds[len(things)], margin=margin)
        if not any(overlap(thing.box, other.box) for other in things):
            things.append(thing)
    return Scene(ground=make_ground(rng), things=tuple(things))


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes, or their near surroundings, have a pixel in common."""
    apart = one[2] + _GAP <= other[0] or other[2] + _GAP <= one[0]
    return not (apart or one[3] + _GAP <= other[1] or other[3] + _GAP <= one[1])


def draw(image: Image, thing: Thing) -> None:
    """Draw an object into `image`."""
    left, top, right, bottom = thing.box
    image[top:bottom, left:right] += thing.bright * _shape(thing.kind, bottom - top, right - left)
    image.clip(0, 1, out=image)


def mark(image: Image, box: Box) -> None:
    """Draw a white frame of one pixel around `box`."""
    left, top, right, bottom = max(box[0] - 1, 0), max(box[1] - 1, 0), min(box[2], SIZE - 1), min(box[3], SIZE - 1)
    image[top, left : right + 1] = image[bottom, left : right + 1] = 1.0
    image[top : bottom + 1, left] = image[top : bottom + 1, right] = 1.0


def as_pixels(image: Image) -> NDArray[numpy.uint8]:
    """Brightness as whole numbers from 0 to 255."""
    import numpy as np

    return np.round(image * 255).astype(np.uint8)


def _shape(kind: str, height: int, width: int) -> Image:
    """A mask of 0 and 1, filling its box to every side."""
    import numpy as np

    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    middle = (height - 1) / 2, (width - 1) / 2
    disc = _inside(rows, columns, *middle, height / 2, width / 2)
    upright, across = abs(columns - middle[1]) <= width / 6, abs(rows - middle[0]) <= height / 6
    masks = {
        "disc": disc,
        "ring": disc - _inside(rows, columns, *middle, height / 2 - 3, width / 2 - 3),
        "cross": upright | across,
        "bar": (columns < 3) | (columns >= width - 3),
        "square": np.ones((height, width)),
        "wedge": columns * height <= (rows + 1) * width,
    }
    mask: Image = masks[kind].astype(np.float32)
    return mask


def _inside(rows: Image, columns: Image, middle: float, center: float, high: float, wide: float) -> Image:
    import numpy as np

    return ((((rows - middle) / high) ** 2 + ((columns - center) / wide) ** 2) <= 1).astype(np.float32)
