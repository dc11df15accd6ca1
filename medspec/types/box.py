"""`box(order, frame) in image`: a rectangle on an image of the row, with the two habits that decide what its numbers mean.

    order    xyxy (two corners)    xywh (corner and size)    cxcywh (centre and size)
    frame    pixel (from 0 to the image's size)    unit (0 to 1)    mille (0 to 1000)

    gold : box(xyxy, unit) in scan                             [0.1, 0.2, 0.5, 0.6]
    gold : box(xyxy, unit) in scans                            {"image": 2, "box": [0.1, 0.2, 0.5, 0.6]}
    gold : box(xyxy, unit) in scan from box(xywh, pixel)       converted while loading, by the image's own size
    gold : box(xyxy, unit) in scan from box(xywh, pixel, width: w, height: 336)     by fields or numbers instead

In a field that is a list of images, a box says which of them it is on, counted from 1 as people do
(`from box(xyxy, unit, first_image: 0)` where data count from 0). Corners the wrong way round and values outside the frame
do not fit. Nothing is ever guessed from the size of a number, and no box is converted anywhere but here.
"""

from __future__ import annotations

import math
import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.box_frames import from_corners, to_corners
from medspec.types.image import size_of

ORDERS = ("xyxy", "xywh", "cxcywh")
FRAMES = ("pixel", "unit", "mille")
_LARGEST = {"pixel": math.inf, "unit": 1.0, "mille": 1000.0}
_SLACK = 1e-9
"""How far, as a share of the frame, a corner may stand out: that much comes from adding rounded numbers."""


@attrs.frozen
class Box:
    """Four finite numbers in the order and frame of the type, and the image's index from 0 (None: the one image)."""

    numbers: tuple[float, float, float, float]
    image: int | None = None


@attrs.frozen(kw_only=True)
class Convention:
    """How data write a box, where that is not how the type means it.

    `width` and `height` are the image's size in pixels: a number, the name of a field of the row, or None for the
    image's own. `first_image` is the number of the first image of a list.
    """

    order: str
    frame: str
    width: str | float | None = None
    height: str | float | None = None
    first_image: int = 1


@attrs.frozen
class BoxType:
    """Values are `Box`es. `many` says that `of` is a list of images; `written` is how data write them."""

    order: str
    frame: str
    of: str
    many: bool = attrs.field(default=False, eq=False)
    written: Convention | None = attrs.field(default=None, eq=False)
    kind = "box"

    @property
    def spelled(self) -> str:
        return f"box({self.order}, {self.frame}) in {self.of}"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields besides the image that loading looks at."""
        sizes = () if self.written is None else (self.written.width, self.written.height)
        return tuple(size for size in sizes if isinstance(size, str))

    def load(self, raw: Any, row: Row) -> Box:
        image, raw = self._image(raw, row)
        if not isinstance(raw, list | tuple) or len(raw) != 4:
            raise Misfit("expected four numbers")
        if any(isinstance(number, bool) or not isinstance(number, int | float | str) for number in raw):
            raise Misfit("expected four numbers")
        try:
            a, b, c, d = map(float, raw)  # cells of a table are texts, as for `int` and `float`
        except ValueError:
            raise Misfit("expected four numbers") from None
        numbers = (a, b, c, d)
        if not all(map(math.isfinite, numbers)):
            raise Misfit("expected finite numbers")
        written = self.written
        if written is None:
            return Box(checked(numbers, self.order, self.frame), image)
        checked(numbers, written.order, written.frame)
        if (written.order, written.frame) == (self.order, self.frame):
            return Box(numbers, image)
        scale = (1.0, 1.0)
        if written.frame != self.frame:
            width, height = self._size(image, row) if "pixel" in (written.frame, self.frame) else (1.0, 1.0)
            scale = (
                _side(self.frame, width) / _side(written.frame, width),
                _side(self.frame, height) / _side(written.frame, height),
            )
        x1, y1, x2, y2 = corners(numbers, written.order)
        moved = (x1 * scale[0], y1 * scale[1], x2 * scale[0], y2 * scale[1])
        return Box(checked(from_corners(moved, self.order), self.order, self.frame), image)

    def _image(self, raw: Any, row: Row) -> tuple[int | None, Any]:
        if not self.many:
            return None, raw
        if not isinstance(raw, dict) or set(raw) != {"image", "box"}:
            raise Misfit("expected an object with the number of the `image` and the four numbers of the `box`")
        number, first = raw["image"], 1 if self.written is None else self.written.first_image
        if isinstance(number, bool) or not isinstance(number, int):
            raise Misfit("the number of an image is a whole number")
        count = len(row[self.of])
        if not 0 <= number - first < count:
            raise Misfit(f"there are {count} images, counted from {first}, so there is no image {number}")
        return number - first, raw["box"]

    def _size(self, image: int | None, row: Row) -> tuple[float, float]:
        assert self.written is not None
        given = (self.written.width, self.written.height)
        if None in given:
            return size_of(row[self.of] if image is None else row[self.of][image])
        width, height = (row[size] if isinstance(size, str) else size for size in given)
        for size in (width, height):
            if isinstance(size, bool) or not isinstance(size, int | float) or not size > 0:
                raise Misfit(f"the image's size is {width} x {height}")
        return float(width or 0), float(height or 0)

    def to_json(self, value: Box) -> Any:
        numbers = [_plain(number) for number in value.numbers]
        return numbers if value.image is None else {"image": value.image + 1, "box": numbers}

    def invent(self, rng: random.Random, row: Row) -> Box:
        wide = high = 336.0 if self.frame == "pixel" else _LARGEST[self.frame]
        if self.frame == "pixel" and self.written is not None and self.written.width is not None:
            wide, high = self._size(None, row)
        x1, x2 = sorted(rng.randint(0, 64) / 64 * wide for _ in range(2))
        y1, y2 = sorted(rng.randint(0, 64) / 64 * high for _ in range(2))
        image = rng.randrange(len(row[self.of])) if self.many else None
        return Box(from_corners((x1, y1, x2, y2), self.order), image)


def corners(numbers: tuple[float, ...], order: str) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of a box written in `order`."""
    a, b, c, d = numbers
    return to_corners((a, b, c, d), order)


def checked(numbers: tuple[float, ...], order: str, frame: str) -> tuple[float, float, float, float]:
    """Four numbers as they are. Raises `Misfit` for corners the wrong way round or outside the frame."""
    x1, y1, x2, y2 = corners(numbers, order)
    if x2 < x1 or y2 < y1:
        what = "the second corner lies left of or above the first" if order == "xyxy" else "a size is negative"
        raise Misfit(f"{what}: {_shown(numbers)} as {order}")
    largest = _LARGEST[frame]
    slack = _SLACK * (largest if math.isfinite(largest) else max(1.0, abs(x2), abs(y2)))
    if min(x1, y1) < -slack or max(x2, y2) > largest + slack or not math.isfinite(x2 + y2):
        reach = "not negative" if frame == "pixel" else f"from 0 to {largest:g}"
        raise Misfit(f"outside the frame `{frame}`, whose values are {reach}: {_shown(numbers)}")
    return numbers  # type: ignore[return-value]


def _side(frame: str, pixels: float) -> float:
    """How long the image's side is, whose length is `pixels`, in `frame`."""
    return pixels if frame == "pixel" else _LARGEST[frame]


def _plain(number: float) -> float:
    """Whole numbers without a fraction, as people write pixels; exactly the same number."""
    return int(number) if number.is_integer() and abs(number) < 2**53 and math.copysign(1, number) > 0 else number


def _shown(numbers: tuple[float, ...]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"
