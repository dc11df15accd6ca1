"""What a dialect makes of one prompt and of one reply.

On the way in: boxes in the model's own order and frame, or left out; image placeholders; words that are replaced; a suffix.
On the way out: what stands before the answer is dropped, and boxes come back into the order and frame of the answer's type.
Sizes of images come from the row's own fields where its record says which, else from the first bytes of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import attrs

from medspec.backends.base import IMAGE, Message
from medspec.plan.judge_nodes import BoxForm, Dialect
from medspec.plan.speak import boxes_in
from medspec.readers.base import Unread
from medspec.syntax.filters import BOX_CLOSES, BOX_OPENS
from medspec.types import Box, BoxType, ListType, Misfit, OptionalType, RecordType, TextType, Type
from medspec.types.box import checked
from medspec.types.box_frames import LENGTHS, Numbers, Size, rescaled, smart_resize
from medspec.types.image import size_of

_MARK = re.compile(f"{BOX_OPENS}([^{BOX_OPENS}{BOX_CLOSES}]*){BOX_CLOSES}")
_HOLE = re.compile(r"\{(\w+)\}")
_NAMES = {
    "xyxy": ("x1", "y1", "x2", "y2"),
    "yxyx": ("y1", "x1", "y2", "x2"),
    "xywh": ("x", "y", "width", "height"),
    "cxcywh": ("x", "y", "width", "height"),
}
_DECIMALS = 6
"""Digits after the point where the dialect does not say how many."""


class Sizes:
    """The sizes of a row's images: as the types of its record say (numbers, or fields of the row), else as files have them."""

    def __init__(self, record: RecordType) -> None:
        self._stated = {
            box.of: (box.written.width, box.written.height)
            for field in record.fields
            for box in _all_boxes(field.type)
            if box.written is not None and box.written.width is not None
        }

    def of(self, row: Mapping[str, Any], field: str, image: int | None) -> Size:
        """Width and height in pixels. Raises `Misfit` where nobody knows them."""
        if field not in self._stated:
            path = row[field] if image is None else row[field][image]
            return size_of(path)
        width, height = (row[size] if isinstance(size, str) else size for size in self._stated[field])
        if not all(
            isinstance(side, int | float) and not isinstance(side, bool) and side > 0 for side in (width, height)
        ):
            raise Misfit(f"the size of the image is {width} x {height}")
        return width, height  # type: ignore[return-value]


def _all_boxes(type_: Type) -> Iterator[BoxType]:
    if isinstance(type_, TextType) and type_.boxes is not None:
        yield type_.boxes
    if isinstance(type_, BoxType):
        yield type_
    for child in type_.children:
        yield from _all_boxes(child)


def converted(numbers: Numbers, given: BoxForm, wanted: BoxForm, size: Callable[[], Size]) -> Numbers:
    """A box from one form to another. `size` is asked for only where pixels are involved and differ."""
    before, after = _sides(given), _sides(wanted)
    if before is None or after is None:
        same = attrs.evolve(given, order=wanted.order) == wanted
        pixels = (1.0, 1.0) if same else size()
        before, after = before or _resized(pixels, given), after or _resized(pixels, wanted)
        if same:
            before = after = (1.0, 1.0)
    return rescaled(numbers, (given.order, wanted.order), (before, after))


def _sides(form: BoxForm) -> Size | None:
    """The sides of an image in `form`; None where they depend on the image."""
    return None if form.frame == "pixel" else (LENGTHS[form.frame], LENGTHS[form.frame])


def _resized(size: Size, form: BoxForm) -> Size:
    if form.resized is None:
        return size
    return smart_resize(size, form.resized, form.min_pixels, form.max_pixels)


def write_boxes(text: str, dialect: Dialect | None, size: Callable[[str, int | None], Size]) -> str:
    """`text` with every marked box written. `size` tells the size of an image by the name of its parameter and its index."""
    if BOX_OPENS not in text:
        return text

    def write(found: re.Match[str]) -> str:
        numbers, image, order, frame, of, shown = json.loads(found[1])
        if dialect is not None and dialect.hide_boxes:
            return ""
        if dialect is None or dialect.boxes_in is None:
            return str(shown)
        a, b, c, d = numbers
        given = BoxForm(order=order, frame=frame)
        box = converted((a, b, c, d), given, dialect.boxes_in, lambda: size(of, image))
        return _spelled(box, dialect, dialect.boxes_in)

    return _MARK.sub(write, text)


def _spelled(box: Numbers, dialect: Dialect, form: BoxForm) -> str:
    """A box in the words of the dialect."""
    names = _NAMES[form.order]
    texts = {name: _number(value, dialect.decimals) for name, value in zip(names, box, strict=True)}
    wording = dialect.box_text or f"[{', '.join(f'{{{name}}}' for name in names)}]"
    return _HOLE.sub(lambda hole: texts.get(hole[1], hole[0]), wording)


def _number(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}" if decimals else str(round(value))
    rounded = round(value, _DECIMALS)
    return str(int(rounded)) if rounded.is_integer() else str(rounded)


def speak(messages: tuple[Message, ...], dialect: Dialect | None) -> tuple[Message, ...]:
    """All that is sent, with placeholders, replaced words and the suffix of `dialect`; images are numbered through."""
    if dialect is None:
        return messages
    spoken: list[Message] = []
    number = 0
    for message in messages:
        text = message.text
        for old, new in dialect.replace:
            text = text.replace(old, new)
        if message.images:
            text = _placed(text, len(message.images), number, dialect)
            number += len(message.images)
        spoken.append(attrs.evolve(message, text=text))
    if dialect.suffix:
        last = max(index for index, message in enumerate(spoken) if message.role == "user")
        spoken[last] = attrs.evolve(spoken[last], text=spoken[last].text + dialect.suffix)
    return tuple(spoken)


def _placed(text: str, count: int, before: int, dialect: Dialect) -> str:
    """A turn with the placeholders of its images, in their own places or before everything else."""
    wording = dialect.image or IMAGE
    shown = [wording.replace("{n}", str(before + index + 1)) for index in range(count)]
    parts = text.split(IMAGE)
    if dialect.images == "first":
        return "".join(shown) + "".join(parts).lstrip("\n")
    return "".join(part + placeholder for part, placeholder in zip(parts, [*shown, ""], strict=True))


def reply_text(text: str, dialect: Dialect | None) -> str:
    """The part of a reply that is read."""
    if dialect is None or dialect.strip_before is None:
        return text
    return text.rpartition(dialect.strip_before)[2]


def from_model(answer: Any, reply: str, type_: Type, form: BoxForm, row: Mapping[str, Any], sizes: Sizes) -> Any:
    """`answer`, whose boxes are in the model's `form`, with boxes of `type_`; `Unread` where one is no box of it."""
    if isinstance(answer, Unread):
        return answer
    try:
        return _each_box(answer, type_, lambda box, kind: _back(box, kind, form, row, sizes))
    except Misfit:
        return Unread("outside_frame", reply)


def to_model(answer: Any, type_: Type, form: BoxForm, row: Mapping[str, Any], sizes: Sizes) -> Any:
    """The other way round: boxes of `type_` as the model would write them. Raises `Misfit` where a size is not known."""
    return _each_box(answer, type_, lambda box, kind: _forth(box, kind, form, row, sizes))


def require_sizes(type_: Type, form: BoxForm, row: Mapping[str, Any], sizes: Sizes) -> None:
    """Raises `Misfit` where a box in a reply about `row` could not be turned back."""
    for kind in boxes_in(type_):
        for image in range(len(row[kind.of])) if kind.many else (None,):
            converted((0.0, 0.0, 1.0, 1.0), form, _own(kind), partial(sizes.of, row, kind.of, image))


def _own(kind: BoxType) -> BoxForm:
    return BoxForm(order=kind.order, frame=kind.frame)


def _back(box: Box, kind: BoxType, form: BoxForm, row: Mapping[str, Any], sizes: Sizes) -> Box:
    numbers = converted(box.numbers, form, _own(kind), lambda: sizes.of(row, kind.of, box.image))
    return Box(checked(numbers, kind.order, kind.frame), box.image)


def _forth(box: Box, kind: BoxType, form: BoxForm, row: Mapping[str, Any], sizes: Sizes) -> Box:
    return Box(converted(box.numbers, _own(kind), form, lambda: sizes.of(row, kind.of, box.image)), box.image)


def _each_box(value: Any, type_: Type, change: Callable[[Box, BoxType], Box]) -> Any:
    match type_:
        case BoxType():
            return change(value, type_)
        case ListType():
            return tuple(_each_box(entry, type_.item, change) for entry in value)
        case OptionalType():
            return None if value is None else _each_box(value, type_.item, change)
        case RecordType():
            return {field.name: _each_box(value[field.name], field.type, change) for field in type_.fields}
    return value
