"""`text(boxes: box(xyxy, pixel, image: scan))`: a text that has boxes of an image of the row in it."""

from __future__ import annotations

from typing import Any

import attrs

from medspec.check.arguments import ABSENT, Rule, read_arguments
from medspec.check.scope import Scope
from medspec.syntax import tree
from medspec.types import BoxType, Convention, UnknownType
from medspec.types.box import FRAMES

_ORDERS = ("xyxy", "yxyx")
"""The orders in which a text may have corners; sizes are written in other ways."""

_BOX = (
    Rule("order", "word", choices=_ORDERS),
    Rule("frame", "word", choices=FRAMES),
    Rule("image", "name"),
    Rule("width", "float", None, low=1),
    Rule("height", "float", None, low=1),
)


def read_boxes_in_text(node: tree.RefinedType, scope: Scope) -> tuple[BoxType | UnknownType | None, tree.RefinedType]:
    """What `boxes: box(...)` says, None where it is not there, unknown after reporting; and the type's other settings."""
    said = [entry for entry in node.arguments if _is_boxes(entry)]
    rest = attrs.evolve(node, arguments=tuple(entry for entry in node.arguments if not _is_boxes(entry)))
    if not said:
        return None, rest
    assert isinstance(said[0], tree.Argument)
    value: Any = said[0].value
    is_box = isinstance(value, tree.Call) and value.path.dotted == "box" and value.arguments is not None
    if len(said) > 1 or not is_box:
        helps = ["write `text(boxes: box(xyxy, pixel, image: scan))`"]
        scope.report.add("E0301", "the boxes in a text need their order, frame and image", said[-1].place, helps=helps)
        return UnknownType(), rest
    found = read_arguments(value, _BOX, scope.report)
    if ABSENT in found.values():
        return UnknownType(), rest
    width, height = found["width"], found["height"]
    if (width is None) is not (height is None):
        title = "an image has a width and a height"
        scope.report.add("E0211", title, value.place, helps=["write `width: 336, height: 336`, or neither"])
        return UnknownType(), rest
    order, frame = found["order"], found["frame"]
    written = None if width is None else Convention(order=order, frame=frame, width=width, height=height)
    return BoxType(order, frame, found["image"], written=written), rest


def _is_boxes(entry: tree.Argument | tree.Bounds) -> bool:
    return isinstance(entry, tree.Argument) and entry.name is not None and entry.name.name == "boxes"
