r"""`boxes`: boxes anywhere in a reply, for models that write coordinates and no JSON object around them.

For a type `box(...)` the reply names one box (`which: first`, `last`, or `only`: two different boxes are ambiguous); for a
list of boxes, all of them. How they may be written is the `style`:

    strict     [x1, y1, x2, y2]
    lenient    also (x1, y1), (x2, y2) and (x1, y1, x2, y2) and [[x1, y1], [x2, y2]] and <box>x1 y1 x2 y2</box>
    legacy     four numbers with a comma after the first and the third, signs not read, brackets and spaces optional: what
               the published scorer of MedSG-Bench reads, digit-splitting quirk included ([10, 200, 3] is 10, 20, 0, 3)

    legacy_forms    the six forms of that scorer's other reader, in its order, the first that is there at all: (1, 2), (3, 4);
               [1.0, 2.0, 3.0, 4.0]; (1.0,2.0),(3.0,4.0); (1.0, 2.0, 3.0, 4.0); [1, 2, 3, 4]; <box>1 2 3 4</box>

The numbers are taken as the type's own order and frame; nothing is guessed from their size, but for `legacy_forms`: as
that scorer has it, a box is in thousandths if one of its numbers is above 1, else in fractions (not where the frame is
`pixel`). Where the row has several
images, a box belongs to the last `image N` before it, counted from 1. What cannot be read is `Unread`:

    empty  refused  no_box            no four numbers, and (for a list) no statement that there is none
    ambiguous  wrong_length           more boxes than one, or than the type allows
    corners  outside_frame  no_image  numbers that are no box of this type; a box on no image

    >>> from medspec.types import BoxType
    >>> box, settings = BoxType("xyxy", "mille", "scan"), {"style": "lenient", "which": "first"}
    >>> BOXES.decode("It is at (100, 200), (300, 400).", box, {"scan": "a.png"}, settings)
    Box(numbers=(100.0, 200.0, 300.0, 400.0), image=None)
    >>> BOXES.decode("It is at [100, 200, 3000, 400].", box, {"scan": "a.png"}, settings).reason
    'outside_frame'
"""

from __future__ import annotations

import re
from typing import Any

from medspec.readers.base import Reader, Setting, Settings, Unread
from medspec.readers.reply_values import Wrong, box_from_numbers
from medspec.readers.schema_words import ORDERS, box_note
from medspec.readers.wording import REFUSED, folded, narrowed, refuses, without_thoughts
from medspec.types.base import Misfit, Row, Type

STYLES = ("strict", "lenient", "legacy", "legacy_forms")

SETTINGS = (
    Setting(
        name="style",
        default="lenient",
        choices=STYLES,
        summary="how a box may be written",
    ),
    Setting(
        name="which",
        default="first",
        choices=("first", "last", "only"),
        summary="which box counts where the answer is one and the reply holds several",
    ),
)
# Every repetition is bounded: replies are untrusted, and time must stay linear in their length.
_N = r"([+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?)(?![0-9.])"
_S = r"\s{0,9}"
_C = rf"{_S},{_S}"
_STRICT = re.compile(rf"\[{_S}{_N}{_C}{_N}{_C}{_N}{_C}{_N}{_S}\]")
_PAIR = rf"[\[(]{_S}{_N}{_C}{_N}{_S}[\])]"
_LENIENT = re.compile(
    rf"[\[(]{_S}{_N}{_C}{_N}{_C}{_N}{_C}{_N}{_S}[\])]"
    rf"|{_PAIR}{_S},?{_S}(?:to|and|-)?{_S}{_PAIR}"
    rf"|<box>{_S}{_N}[\s,]{{1,9}}{_N}[\s,]{{1,9}}{_N}[\s,]{{1,9}}{_N}{_S}</box>",
    re.IGNORECASE,
)
_D = r"([0-9]{1,12}\.?[0-9]{0,12})"
_LEGACY = re.compile(rf"{_D}{_C}{_D}{_S}\)?{_S},?{_S}\(?{_S}{_D}{_C}{_D}")
_BARE = re.compile(r"[ ,]{1,9}".join([r"(-?[0-9]{1,12}\.?[0-9]{0,12})"] * 4))
_I, _F = r"([0-9]{1,12})", r"([0-9]{1,12}\.[0-9]{1,12})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\({_I},{_S}{_I}\),{_S}\({_I},{_S}{_I}\)",
        rf"\[{_F},{_S}{_F},{_S}{_F},{_S}{_F}\]",
        rf"\({_F},{_F}\),\({_F},{_F}\)",
        rf"\({_F},{_S}{_F},{_S}{_F},{_S}{_F}\)",
        rf"\[{_I},{_S}{_I},{_S}{_I},{_S}{_I}\]",
        rf"<box>{_I} {_I} {_I} {_I}</box>",
    )
)
_IMAGE = re.compile(r"\bimage\s{0,3}(?:number|no\.?|#)?\s{0,3}([0-9]{1,4})\b", re.IGNORECASE)
_NONE = frozenset(
    {"none", "no", "nothing", "[]", "no findings", "no finding", "n/a", "none found", "no box", "no boxes"}
)
_MOST = 1000


def encode(value: Any, type_: Any, row: Row, settings: Settings) -> str:
    """Boxes as [a, b, c, d], one on each line. Raises `Misfit` for one that `legacy_forms` would take for another."""
    box = type_.item if type_.kind == "list" else type_
    values = value if type_.kind == "list" else (value,)
    if settings["style"] == "legacy_forms":
        return "\n".join(_in_form(entry, box) for entry in values) or "none"
    return "\n".join(_line(entry, box) for entry in values) or "none"


def decode(reply: str, type_: Any, row: Row, settings: Settings) -> Any:
    """A box, or a tuple of boxes, or `Unread`."""
    style = settings["style"]
    text = reply.strip() if style == "legacy_forms" else narrowed(without_thoughts(reply)).strip()
    if not text:
        return Unread("empty", reply)
    is_list = type_.kind == "list"
    box = type_.item if is_list else type_
    found = [(_scaled(numbers, style, box.frame), image) for numbers, image in _quadruples(text, style)]
    if not found:
        if is_list and (folded(text) in _NONE or folded(text.rsplit("\n", 1)[-1]) in _NONE):
            return _sized((), type_, reply)
        return Unread(REFUSED if refuses(text) else "no_box", reply)
    try:
        boxes = tuple(box_from_numbers(numbers, box, _image(image, box, row)) for numbers, image in found)
    except Wrong as wrong:
        # Of several boxes only one may count; what is wrong with another is then no matter.
        if is_list or settings["which"] == "only" or len(found) == 1:
            return Unread(wrong.reason, reply)
        numbers, image = found[0 if settings["which"] == "first" else -1]
        try:
            return box_from_numbers(numbers, box, _image(image, box, row))
        except Wrong as worse:
            return Unread(worse.reason, reply)
    if is_list:
        return _sized(boxes, type_, reply)
    if settings["which"] == "only" and len(set(boxes)) > 1:
        return Unread("ambiguous", reply)
    return boxes[-1 if settings["which"] == "last" else 0]


def answer_format(type_: Any, settings: Settings) -> str:
    """How to write the box or boxes."""
    is_list = type_.kind == "list"
    box = type_.item if is_list else type_
    form = f"image N: {ORDERS[box.order]}" if box.many else ORDERS[box.order]
    how = f"one box on each line, {form}, or with none," if is_list else f"the box {form}"
    return f"Answer with {how} and nothing else. {box_note(box)}"


def _line(value: Any, type_: Any) -> str:
    plain = type_.to_json(value)
    numbers = plain["box"] if type_.many else plain
    written = f"[{', '.join(repr(number) for number in numbers)}]"
    return f"image {plain['image']}: {written}" if type_.many else written


def _in_form(value: Any, type_: Any) -> str:
    """A box with a point in each number."""
    numbers = [repr(float(number)) for number in value.numbers]
    if any("e" in number for number in numbers) or (type_.frame == "mille" and max(value.numbers) <= 1):
        raise Misfit("this box cannot be written so that the style `legacy_forms` reads it back")
    written = f"[{', '.join(numbers)}]"
    return written if value.image is None else f"image {value.image + 1}: {written}"


def _quadruples(text: str, style: str) -> list[tuple[tuple[float, ...], int | None]]:
    """Every four numbers that are written as a box, with the number of the image named before them."""
    patterns = {"strict": (_STRICT,), "lenient": (_LENIENT,), "legacy": (_LEGACY, _BARE), "legacy_forms": _FORMS}[style]
    matches = next((there for pattern in patterns if (there := _matches(pattern, text))), [])
    found = []
    images = list(_IMAGE.finditer(text))[:_MOST]
    for match in matches:
        numbers = tuple(float(number) for number in match.groups() if number is not None)
        named = [int(image[1]) for image in images if image.end() <= match.start()]
        found.append((numbers, named[-1] if named else None))
    return found


def _scaled(numbers: tuple[float, ...], style: str, frame: str) -> tuple[float, ...]:
    """The numbers in `frame`, where the style says how they are meant."""
    if style != "legacy_forms" or frame == "pixel":
        return numbers
    meant = "mille" if max(numbers) > 1 else "unit"
    if meant == frame:
        return numbers
    return tuple(number / 1000 if frame == "unit" else number * 1000 for number in numbers)


def _matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for _, match in zip(range(_MOST), pattern.finditer(text), strict=False)]


def _image(number: int | None, type_: Any, row: Row) -> int | None:
    if not type_.many:
        return None
    if number is None or not 1 <= number <= len(row[type_.of]):
        raise Wrong("no_image")
    return number - 1


def _sized(boxes: tuple[Any, ...], type_: Any, reply: str) -> Any:
    if (type_.low is not None and len(boxes) < type_.low) or (type_.high is not None and len(boxes) > type_.high):
        return Unread("wrong_length", reply)
    return boxes


def _accepts(type_: Type) -> bool:
    return type_.kind == "box" or (type_.kind == "list" and type_.children[0].kind == "box")


BOXES = Reader(
    name="boxes",
    summary="boxes as four numbers, anywhere in the reply",
    kinds=("box", "list"),
    asks="text",
    encode=encode,
    decode=decode,
    answer_format=answer_format,
    settings=SETTINGS,
    accepts=_accepts,
    format_words=lambda type_, settings: ("box",),
)
