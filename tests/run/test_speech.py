"""Dialects at run time: boxes in prompts and replies, placeholders, words, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import DATA, needs

from medspec.backends.base import IMAGE, Message, Picture
from medspec.plan.judge_nodes import BoxForm, Dialect
from medspec.plan.speak import type_in
from medspec.readers.base import Unread
from medspec.readers.boxes import BOXES
from medspec.run.speech import Sizes, converted, from_model, reply_text, speak, to_model, write_boxes
from medspec.syntax.filters import find_filter
from medspec.types import Box, BoxType, Convention, FieldType, ImageType, RecordType
from medspec.types.box import FRAMES, ORDERS
from medspec.types.box_frames import smart_resize

SETTINGS = {"style": "lenient", "which": "first"}
SIDES = {"unit": 1.0, "mille": 1000.0}
forms = st.one_of(
    st.builds(BoxForm, order=st.sampled_from((*ORDERS, "yxyx")), frame=st.sampled_from(FRAMES)),
    st.builds(
        BoxForm,
        order=st.sampled_from((*ORDERS, "yxyx")),
        frame=st.just("pixel"),
        resized=st.sampled_from((14, 28, 32)),
        min_pixels=st.sampled_from((None, 3136)),
        max_pixels=st.sampled_from((None, 200_000)),
    ),
)


def sized(kind: BoxType, width: float, height: float) -> Sizes:
    written = Convention(order=kind.order, frame=kind.frame, width=width, height=height)
    stated = BoxType(kind.order, kind.frame, kind.of, written=written)
    return Sizes(RecordType("Row", (FieldType("scan", ImageType()), FieldType("gold", stated))))


@given(
    forms,
    st.sampled_from(ORDERS),
    st.sampled_from(FRAMES),
    st.integers(28, 4000),
    st.integers(28, 4000),
    st.lists(st.integers(0, 1 << 20), min_size=4, max_size=4),
)
def test_a_box_comes_back_from_any_dialect(
    form: BoxForm, order: str, frame: str, width: int, height: int, shares: list[int]
) -> None:
    kind = BoxType(order, frame, "scan")
    across, down = SIDES.get(frame, width), SIDES.get(frame, height)
    x1, x2 = sorted(share / (1 << 20) * across for share in shares[:2])
    y1, y2 = sorted(share / (1 << 20) * down for share in shares[2:])
    sizes, row = sized(kind, width, height), {"scan": "a.png"}
    box = Box(
        converted((x1, y1, x2, y2), BoxForm(order="xyxy", frame=frame), BoxForm(order=order, frame=frame), no_size)
    )
    said = to_model(box, kind, form, row, sizes)
    spoken = type_in(kind, form)
    reply = BOXES.encode(said, spoken, row, SETTINGS)
    back = from_model(BOXES.decode(reply, spoken, row, SETTINGS), reply, kind, form, row, sizes)
    if isinstance(back, Unread):
        # A number such as 1e-300 is not read back, and one that was rounded may stand out of its frame by a hair.
        assert "e-" in reply or back.reason in ("outside_frame", "corners")
        edges = (x1 == x2, y1 == y2, x1 == 0, y1 == 0, x2 == across, y2 == down)
        assert any(edges) or "e-" in reply
        return
    assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) for a, b in zip(back.numbers, box.numbers, strict=True))


def no_size() -> tuple[float, float]:
    raise AssertionError("the size of the image is not needed here")


@pytest.mark.parametrize(
    ("before", "limits", "resized"),
    [
        ((336, 336), (None, None), (336, 336)),
        ((336, 180), (None, None), (336, 168)),
        ((10, 10), (None, None), (28, 28)),
        ((42, 70), (None, None), (56, 56)),  # 1.5 and 2.5 patches: halves go to the even number
        ((1000, 1000), (None, 28 * 28 * 100), (280, 280)),
        ((2000, 1000), (None, 28 * 28 * 100), (392, 196)),  # 280 * sqrt(2) = 395.98 and 197.99, rounded down
        ((28, 28), (3136, None), (56, 56)),
        (
            (60, 20),
            (3136, None),
            (112, 56),
        ),  # 56 x 28 is too small; ratio sqrt(3136 / 1200) = 1.617: 97 and 32.3, rounded up
    ],
)
def test_images_are_resized_as_the_model_family_does(
    before: tuple[int, int], limits: tuple[int | None, int | None], resized: tuple[int, int]
) -> None:
    assert smart_resize(before, 28, *limits) == resized


def test_known_boxes_in_known_frames() -> None:
    # A box of 84..168 x 42..126 on an image of 336 x 168.
    kind, row = BoxType("xyxy", "pixel", "scan"), {"scan": "a.png"}
    sizes = sized(kind, 336, 168)
    wanted = {
        ("xyxy", "mille"): (250, 250, 500, 750),
        ("yxyx", "mille"): (250, 250, 750, 500),
        ("xywh", "unit"): (0.25, 0.25, 0.25, 0.5),
        ("cxcywh", "pixel"): (126, 84, 84, 84),
    }
    for (order, frame), numbers in wanted.items():
        form = BoxForm(order=order, frame=frame)
        assert to_model(Box((84.0, 42.0, 168.0, 126.0)), kind, form, row, sizes).numbers == pytest.approx(numbers)
    resized = BoxForm(order="xyxy", frame="pixel", resized=100)  # seen at 300 x 200
    found = to_model(Box((84.0, 42.0, 168.0, 126.0)), kind, resized, row, sizes)
    assert found.numbers == pytest.approx((75, 50, 150, 150))


QUESTION = "Find it (<|box_start|>(84,42),(168,126)<|box_end|>) in the second image."


def size(of: str, image: int | None) -> tuple[float, float]:
    return 336.0, 168.0


def marked(name: str, value: Any) -> str:
    rule = find_filter(name)
    assert rule is not None
    return str(rule.function(value, "xyxy", "pixel", "scan"))


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (None, QUESTION),
        (Dialect(name="d"), QUESTION),
        (Dialect(name="d", hide_boxes=True), "Find it () in the second image."),
        (
            Dialect(name="d", boxes_in=BoxForm(order="xyxy", frame="mille"), decimals=0),
            "Find it ([250, 250, 500, 750]) in the second image.",
        ),
        (
            Dialect(
                name="d", boxes_in=BoxForm(order="yxyx", frame="unit"), box_text="<{y1} {x1} {y2} {x2}>", decimals=2
            ),
            "Find it (<0.25 0.25 0.75 0.50>) in the second image.",
        ),
    ],
)
def test_boxes_in_a_text(dialect: Dialect | None, text: str) -> None:
    assert write_boxes(marked("_boxes", QUESTION), dialect, size) == text


def test_a_box_of_the_row_is_written_like_one_in_a_text() -> None:
    shown = marked("_box", Box((84.0, 42.0, 168.5, 126.0)))
    assert write_boxes(f"Where is {shown}?", None, size) == "Where is [84, 42, 168.5, 126]?"
    dialect = Dialect(name="d", boxes_in=BoxForm(order="xywh", frame="pixel"), box_text="{x}/{y}/{width}/{height}")
    assert write_boxes(f"Where is {shown}?", dialect, size) == "Where is 84/42/84.5/84?"


def test_placeholders_suffix_and_replaced_words() -> None:
    shots = (Message("user", f"{IMAGE}\nOne", (Picture("a"),)), Message("assistant", "[1]"))
    own = (Message("user", f"Two {IMAGE} and {IMAGE}?", (Picture("b"), Picture("c"))),)
    dialect = Dialect(name="d", image="Image-{n}: <image>\n", images="first", suffix=" Go.", replace=(("One", "Uno"),))
    texts = [message.text for message in speak((*shots, *own), dialect)]
    assert texts == ["Image-1: <image>\nUno", "[1]", "Image-2: <image>\nImage-3: <image>\nTwo  and ? Go."]
    inline = [message.text for message in speak(own, Dialect(name="d", image="<img{n}>"))]
    assert inline == ["Two <img1> and <img2>?"]


def test_thoughts_are_dropped() -> None:
    thinking = Dialect(name="d", strip_before="</think>")
    assert reply_text("<think>[1,2,3,4]</think>[5,6,7,8]", thinking) == "[5,6,7,8]"
    assert reply_text("[5,6,7,8]", thinking) == "[5,6,7,8]"


@needs("medsg_bench/golden")
def test_both_published_readers_with_their_frames() -> None:
    """What the published functions gave for hand-made replies, at 336 x 336 pixels."""
    vectors = json.loads((DATA / "medsg_bench/golden/golden_parser_vectors.json").read_text("utf-8"))["parsers"]
    kind, row = BoxType("xyxy", "pixel", "scan"), {"scan": "a.png"}
    sizes = sized(kind, 336, 336)
    readings = {
        "strong": ("legacy", BoxForm(order="xyxy", frame="pixel")),
        "old_336": ("legacy_forms", BoxForm(order="xyxy", frame="mille")),
    }
    compared = dict.fromkeys(readings, 0)
    for vector in vectors:
        for name, (style, form) in readings.items():
            wanted = vector[name]
            wanted = wanted[0] if wanted and isinstance(wanted[0], list) else wanted
            settings = {"style": style, "which": "first"}
            read = BOXES.decode(vector["response"], type_in(kind, form), row, settings)
            found = from_model(read, vector["response"], kind, form, row, sizes)
            # Without numbers, or with swapped corners, the published score is 0 whatever is read.
            counts = any(wanted) and wanted[2] >= wanted[0] and wanted[3] >= wanted[1]
            assert isinstance(found, Box) is counts, (name, vector, found)
            if counts:
                assert list(found.numbers) == pytest.approx(wanted), (name, vector)
                compared[name] += 1
    assert compared == {"strong": 30, "old_336": 17}
