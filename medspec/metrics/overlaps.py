"""Intersection over union of boxes, many at once: the convention comes from the type and is never guessed.

Both boxes of a pair have one type, so they have one order, one frame and one image field. Boxes on different images of a
list do not overlap. Two boxes without area overlap entirely if they are the same, else not at all.

torchmetrics has these only where torchvision is installed, in 32 bits, and its class averages over all pairs of boxes of
one label and not over pairs of a row, so areas are worked out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.types.box import Box, BoxType, corners

if TYPE_CHECKING:
    import numpy as np

    from medspec.types.base import Type


def iou_of(one: Box, other: Box, type_: Type) -> float:
    """The overlap of two boxes of `type_`, from 0 to 1.

    >>> kind = BoxType("xywh", "pixel", "scan")
    >>> iou_of(Box((0.0, 0.0, 2.0, 2.0)), Box((1.0, 0.0, 2.0, 2.0)), kind)      # 2 of 6
    0.3333333333333333
    """
    if one.image != other.image:
        return 0.0
    assert isinstance(type_, BoxType)
    left, top, right, bottom = corners(one.numbers, type_.order)
    x1, y1, x2, y2 = corners(other.numbers, type_.order)
    shared = max(0.0, min(right, x2) - max(left, x1)) * max(0.0, min(bottom, y2) - max(top, y1))
    union = (right - left) * (bottom - top) + (x2 - x1) * (y2 - y1) - shared
    if union <= 0:
        return 1.0 if one == other else 0.0
    return min(1.0, shared / union)


def ious_of(ones: Sequence[Box], others: Sequence[Box], type_: Type) -> np.ndarray:
    """`iou_of` of each pair: float64 of shape [pairs]."""
    import numpy as np

    assert isinstance(type_, BoxType)
    a, b = (_corners_of(boxes, type_.order) for boxes in (ones, others))
    sides = np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2])
    shared = np.maximum(sides, 0.0).prod(axis=1)
    union = (a[:, 2:] - a[:, :2]).prod(axis=1) + (b[:, 2:] - b[:, :2]).prod(axis=1) - shared
    same = np.fromiter((x.numbers == y.numbers for x, y in zip(ones, others, strict=True)), bool, len(ones))
    found = np.divide(shared, union, out=same.astype(np.float64), where=union > 0)
    if type_.many:
        images = ((x.image, y.image) for x, y in zip(ones, others, strict=True))
        found[np.fromiter((one != other for one, other in images), bool, len(ones))] = 0.0
    bounded: np.ndarray = np.minimum(found, 1.0)
    return bounded


def _corners_of(boxes: Sequence[Box], order: str) -> np.ndarray:
    from itertools import chain

    import numpy as np

    numbers = np.fromiter(chain.from_iterable(box.numbers for box in boxes), np.float64, 4 * len(boxes)).reshape(-1, 4)
    if order == "xyxy":
        return numbers
    first, second = numbers[:, :2], numbers[:, 2:]
    if order == "xywh":
        return np.concatenate([first, first + second], axis=1)
    return np.concatenate([first - second / 2, first + second / 2], axis=1)
