"""Hypothesis strategies for types, rows and values.

type_, row, value = data.draw(typed("span"))       a type of this kind, a row it is anchored in, a value of it
type_, row, value = data.draw(typed())              of any kind, also nested
"""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from medspec.readers.base import Reader
from medspec.readers.wording import folded, narrowed
from medspec.types import (
    ABSTAINED,
    AbstainType,
    BooleanType,
    Box,
    BoxType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RankingType,
    RecordType,
    ScoreType,
    SetType,
    Span,
    SpanType,
    TextType,
    TurnsType,
    Type,
)
from medspec.types.box import FRAMES, ORDERS
from medspec.types.image import ImageType

Typed = tuple[Type, dict[str, Any], Any]

UNITS = (None, "mg/dL", "mmHg", "%", "µg", "10^9/L", "mL/min/1.73 m²", "days", "°C", "U/L", "beats per minute")
SIMPLE = ("bool", "int", "float", "score", "text", "enum", "choice", "ranking", "span", "box")
NESTING = ("list", "set", "optional", "record")
UNSURE = ("abstain", "cannot be told", "N/A", "无法判断")
"""Words that stand for an abstention."""

words = st.text(st.sampled_from(string.ascii_letters + string.digits + " .-()%中文éΣ"), min_size=1, max_size=20)
NOTES = ("fever, no fever. FEVER", "aaaa", "Chest pain\nsince “Monday”.", '"quoted" and \\ back', "头痛，发热。", "x")


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row with the fields that types of this module are anchored in."""
    return {
        "options": tuple(draw(st.lists(words, min_size=1, max_size=26))),
        "note": draw(st.one_of(st.sampled_from(NOTES), st.text(min_size=1, max_size=40))),
        "scan": "a.png",
        "scans": ("a.png", "b.png", "c.png"),
    }


def distinct_cases(texts: list[str]) -> bool:
    """Cases whose texts are the same for `plain` cannot be told apart, and a blank one cannot be answered."""
    seen = [narrowed(text).strip() for text in texts]
    return all(seen) and len(set(seen)) == len(seen) and all(folded(text) for text in texts)


@st.composite
def enums(draw: st.DrawFn) -> EnumType:
    texts = draw(st.lists(words, min_size=1, max_size=8).filter(distinct_cases))
    return EnumType("Invented", tuple(EnumCase(f"case_{place}", text) for place, text in enumerate(texts)))


@st.composite
def typed(draw: st.DrawFn, kind: str | None = None, row: dict[str, Any] | None = None, depth: int = 2) -> Typed:
    """A type of this kind (or of any), the row it is anchored in, and a value of it."""
    row = draw(rows()) if row is None else row
    kind = kind or draw(st.sampled_from((*SIMPLE, *NESTING) if depth else SIMPLE))
    if kind in NESTING:
        type_, value = _nested(draw, kind, row, depth)
    elif kind in ("int", "float", "score"):
        type_, value = _number(draw, kind)
    elif kind in ("choice", "ranking", "span", "box"):
        type_, value = _anchored(draw, kind, row)
    elif kind == "enum":
        type_ = draw(enums())
        value = draw(st.sampled_from(type_.cases)).name
    elif kind == "bool":
        type_, value = BooleanType(), draw(st.booleans())
    elif kind == "abstain":
        inner, _, one = draw(typed(row=row, depth=depth).filter(lambda found: found[2] not in UNSURE))
        type_, value = AbstainType(inner, draw(st.sampled_from(UNSURE))), draw(st.sampled_from((ABSTAINED, one)))
    elif kind == "turns":
        said = st.fixed_dictionaries({"role": st.sampled_from(("system", "user", "assistant")), "text": st.text()})
        type_, value = TurnsType(), tuple(draw(st.lists(said, max_size=3)))
    elif kind == "image":
        type_, value = ImageType(), draw(words.filter(str.strip))
    else:
        assert kind == "text"
        type_, value = TextType(), draw(st.text(max_size=60))
    return type_, row, value


def _nested(draw: st.DrawFn, kind: str, row: dict[str, Any], depth: int) -> tuple[Type, Any]:
    if kind == "set":
        item: Type = draw(st.one_of(st.just(TextType()), enums()))
        entries = st.text(max_size=5) if isinstance(item, TextType) else st.sampled_from([c.name for c in item.cases])
        return SetType(item), frozenset(draw(st.lists(entries, max_size=4)))
    if kind == "record":
        fields, value = [], {}
        for place in range(draw(st.integers(1, 3))):
            inner, _, one = draw(typed(row=row, depth=depth - 1))
            fields.append(FieldType(f"f{place}", inner))
            value[f"f{place}"] = one
        return RecordType("Invented", tuple(fields)), value
    inner, _, one = draw(typed(row=row, depth=depth - 1))
    if kind == "optional":
        return OptionalType(inner), draw(st.sampled_from((None, one)))
    count = draw(st.integers(0, 3))
    bounds = draw(st.sampled_from(((None, None), (0, 3), (count, count))))
    return ListType(inner, *bounds), (one,) * count


def _number(draw: st.DrawFn, kind: str) -> tuple[Type, Any]:
    if kind == "float" or (kind == "score" and draw(st.booleans())):
        numbers = st.floats(allow_nan=False, allow_infinity=False)
        low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
        if kind == "score":
            return ScoreType(low, high, False), value
        unit = draw(st.sampled_from(UNITS))
        return (FloatType(unit=unit) if draw(st.booleans()) else FloatType(low, high, unit)), value
    low, value, high = sorted(draw(st.tuples(*[st.integers(-(10**12), 10**12)] * 3)))
    if kind == "score":
        return ScoreType(low, high), value
    return (IntegerType() if draw(st.booleans()) else IntegerType(low, high)), value


def _anchored(draw: st.DrawFn, kind: str, row: dict[str, Any]) -> tuple[Type, Any]:
    count = len(row["options"])
    if kind == "choice":
        return ChoiceType("options"), draw(st.integers(0, count - 1))
    if kind == "ranking":
        return RankingType("options"), tuple(draw(st.permutations(range(count))))
    if kind == "box":
        return draw(boxes())
    label = draw(st.one_of(st.none(), enums()))
    start = draw(st.integers(0, len(row["note"]) - 1))
    end = draw(st.integers(start + 1, len(row["note"])))
    return SpanType(label, "note"), Span(start, end, label and draw(st.sampled_from(label.cases)).name)


@st.composite
def boxes(draw: st.DrawFn, *, coarse: bool = False) -> tuple[BoxType, Box]:
    """A box type and a box; with `coarse`, every number has few digits."""
    order, frame = draw(st.sampled_from(ORDERS)), draw(st.sampled_from(FRAMES))
    many = draw(st.booleans())
    largest = {"pixel": 640, "unit": 1, "mille": 1000}[frame]
    steps = st.integers(0, 64).map(lambda step: step / 64 * largest)
    sides = steps if coarse else st.one_of(steps, st.floats(0, largest))
    x1, x2 = sorted(draw(st.tuples(sides, sides)))
    y1, y2 = sorted(draw(st.tuples(sides, sides)))
    numbers = {
        "xyxy": (x1, y1, x2, y2),
        "xywh": (x1, y1, x2 - x1, y2 - y1),
        "cxcywh": ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1),
    }[order]
    image = draw(st.integers(0, 2)) if many else None
    return BoxType(order, frame, "scans" if many else "scan", many), Box(numbers, image)


@st.composite
def typed_for(draw: st.DrawFn, reader: Reader, kind: str) -> Typed:
    """A type of this kind that `reader` produces, and a value that it can write."""
    if reader.name == "quotes" or (reader.name == "tagged" and kind == "list" and draw(st.booleans())):
        row = draw(rows())
        type_, _, first = draw(typed("span", row))
        return ListType(type_), row, tuple(draw(st.lists(st.just(first), max_size=3)))
    if reader.name == "boxes":
        type_, value = draw(boxes(coarse=True))
        return (type_, draw(rows()), value) if kind == "box" else (ListType(type_), draw(rows()), (value,) * 2)
    if reader.name in ("letters", "mentions"):
        texts = "ABCDE" if reader.name == "letters" else ("cell death", "growth", "Inflammation", "Σ stress")
        listed = EnumType("Invented", tuple(EnumCase(f"case_{place}", text) for place, text in enumerate(texts)))
        return SetType(listed), {}, draw(st.frozensets(st.sampled_from([case.name for case in listed.cases])))
    if reader.name == "instances":
        things = st.sampled_from(("fever", "药物: 阿司匹林", '{"a": ["b"]}'))
        return SetType(TextType()), {}, draw(st.frozensets(things))
    if kind == "text" and reader.name != "json":
        text = st.text(min_size=1, max_size=60).map(str.strip)
        return TextType(), {}, draw(text.filter(lambda text: text and "think" not in text.lower()))
    return draw(typed(kind))


@st.composite
def settings_for(draw: st.DrawFn, reader: Reader, type_: Type) -> dict[str, Any]:
    """Settings of `reader` that are sound for `type_`."""
    if reader.name == "pattern":
        ways = ({"regex": "(.*)", "write": "{}"}, {"regex": "^answer: *(.*)$", "write": "Answer: {}"})
        return {"group": 1, "which": draw(st.sampled_from(("last", "first"))), **draw(st.sampled_from(ways))}
    drawn = st.fixed_dictionaries({entry.name: _setting(entry.name, entry) for entry in reader.settings})
    return draw(drawn.filter(lambda found: reader.check is None or reader.check(type_, found) is None))


def _setting(name: str, entry: Any) -> st.SearchStrategy[Any]:
    if entry.choices:
        return st.sampled_from(entry.choices)
    drawn = {
        "before": st.sampled_from((" ", "")),
        "tag": st.sampled_from(("answer", "x-1")),
        "field": st.sampled_from(("", "answer", 'a "b" \n 答案')),
    }
    return drawn.get(name, st.just(entry.default))
