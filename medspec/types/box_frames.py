"""Boxes from one habit of writing to another: order of the numbers, frame, and the size the image has for a model.

Models of the Qwen-VL family see an image after `smart_resize` and speak in pixels of that. Nothing is guessed from the size
of a number, and nothing is cut off at the edge of the image.
"""

from __future__ import annotations

import math

Size = tuple[float, float]
"""Width and height."""

Numbers = tuple[float, float, float, float]

LENGTHS = {"unit": 1.0, "mille": 1000.0}
"""How long each side of an image is in the frames that do not depend on its size."""


def smart_resize(size: Size, factor: int, least: int | None = None, most: int | None = None) -> Size:
    """Width and height after an image was resized as models with patches of `factor` pixels want it.

    Both sides become the nearest multiples of `factor`, at least one; if that makes fewer than `least` or more than `most`
    pixels, both are scaled by one ratio first, and then rounded up, or down. Halves go to the even multiple. Source: the
    image processing that is published with Qwen2-VL and Qwen2.5-VL.

    >>> smart_resize((336, 180), 28)
    (336, 168)
    """
    width, height = size
    wide, high = (max(factor, round(side / factor) * factor) for side in (width, height))
    if most is not None and wide * high > most:
        ratio = math.sqrt(width * height / most)
        return (
            max(factor, math.floor(width / ratio / factor) * factor),
            max(factor, math.floor(height / ratio / factor) * factor),
        )
    if least is not None and wide * high < least:
        ratio = math.sqrt(least / (width * height))
        return math.ceil(width * ratio / factor) * factor, math.ceil(height * ratio / factor) * factor
    return wide, high


def to_corners(numbers: Numbers, order: str) -> Numbers:
    """x1, y1, x2, y2 of a box written in `order`."""
    a, b, c, d = numbers
    match order:
        case "xyxy":
            return numbers
        case "yxyx":
            return b, a, d, c
        case "xywh":
            return a, b, a + c, b + d
    return a - c / 2, b - d / 2, a + c / 2, b + d / 2


def from_corners(box: Numbers, order: str) -> Numbers:
    """A box of corners x1, y1, x2, y2 written in `order`."""
    x1, y1, x2, y2 = box
    match order:
        case "xyxy":
            return box
        case "yxyx":
            return y1, x1, y2, x2
        case "xywh":
            return x1, y1, x2 - x1, y2 - y1
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def rescaled(numbers: Numbers, orders: tuple[str, str], sides: tuple[Size, Size]) -> Numbers:
    """`numbers` from the first of two orders to the second, and from an image of the first size to one of the second."""
    x1, y1, x2, y2 = to_corners(numbers, orders[0])
    (width, height), (new_width, new_height) = sides
    across, down = new_width / width, new_height / height
    return from_corners((x1 * across, y1 * down, x2 * across, y2 * down), orders[1])
