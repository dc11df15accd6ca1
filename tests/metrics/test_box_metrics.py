"""Metrics over boxes: worked by hand, and equal to pycocotools' on invented batches."""

from __future__ import annotations

import contextlib
import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import BOX, LOCATED, NAMES, SURE, UNREAD, boxes

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.overlaps import iou_of
from medspec.types import Box, BoxType, ListType, Type


def box(*numbers: float, image: int | None = None) -> Box:
    return Box((float(numbers[0]), float(numbers[1]), float(numbers[2]), float(numbers[3])), image)


def value(name: str, answers: list[Any], golds: list[Any], type_: Type = BOX, **settings: Any) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds), {**metric.defaults, **settings})


def test_overlap_by_hand() -> None:
    """200 of 600 shared; the same; apart; touching; unread."""
    answers = [box(0, 0, 20, 20), box(5, 5, 9, 9), box(0, 0, 1, 1), box(0, 0, 1, 1), UNREAD]
    golds = [box(10, 0, 30, 20), box(5, 5, 9, 9), box(5, 5, 6, 6), box(1, 0, 2, 1), box(0, 0, 1, 1)]
    assert value("box_iou", answers, golds) == pytest.approx((1 / 3 + 1) / 5, abs=1e-15)
    assert [value("iou_at", answers, golds, threshold=t) for t in (0.0, 0.3, 0.34, 1.0)] == [0.8, 0.4, 0.2, 0.2]


def test_the_threshold_itself_is_enough() -> None:
    assert value("iou_at", [box(0, 0, 10, 10)], [box(0, 0, 10, 20)], threshold=0.5) == 1.0


def test_boxes_are_read_in_the_convention_of_their_type() -> None:
    corner = BoxType("xywh", "pixel", "scan")
    centre = BoxType("cxcywh", "pixel", "scan")
    assert value("box_iou", [box(0, 0, 20, 20)], [box(10, 0, 20, 20)], corner) == pytest.approx(1 / 3)
    assert value("box_iou", [box(10, 10, 20, 20)], [box(20, 10, 20, 20)], centre) == pytest.approx(1 / 3)


def test_boxes_on_other_images_do_not_overlap() -> None:
    many = BoxType("xyxy", "pixel", "scans", many=True)
    answers, golds = [box(0, 0, 5, 5, image=0), box(0, 0, 5, 5, image=1)], [box(0, 0, 5, 5, image=1)] * 2
    assert value("box_iou", answers, golds, many) == 0.5


def test_a_box_without_area_is_itself_and_no_other() -> None:
    assert value("box_iou", [box(3, 3, 3, 9), box(3, 3, 3, 9)], [box(3, 3, 3, 9), box(3, 4, 3, 9)]) == 0.5


@given(st.lists(st.tuples(boxes, boxes), min_size=1, max_size=20))
def test_pycocotools_agrees_on_overlaps(rows: list[tuple[Box, Box]]) -> None:
    from pycocotools import mask

    for one, other in rows:
        (x1, y1, x2, y2), (a1, b1, a2, b2) = one.numbers, other.numbers
        if (x2 - x1) * (y2 - y1) == 0 and (a2 - a1) * (b2 - b1) == 0:
            continue
        expected = mask.iou([[x1, y1, x2 - x1, y2 - y1]], [[a1, b1, a2 - a1, b2 - b1]], [0])[0][0]
        assert value("box_iou", [one], [other]) == pytest.approx(expected, abs=1e-12)
        assert iou_of(one, other, BOX) == pytest.approx(expected, abs=1e-12)


def found(label: str, where: Box, sure: float | None = None) -> dict[str, Any]:
    return {"label": label, "where": where} if sure is None else {"label": label, "where": where, "sure": sure}


A, B, C = box(0, 0, 10, 10), box(100, 100, 120, 120), box(500, 500, 600, 600)


def test_average_precision_by_hand_without_confidence() -> None:
    """red: 2 answered, 1 right, of 2: precision 1/2 up to a recall of 1/2, which is 51 of 101 points. blue: all right."""
    answers = [(found("red", A), found("red", B)), (found("blue", C),)]
    golds = [(found("red", A),), (found("red", C), found("blue", C))]
    expected = (51 / 101 * 0.5 + 1) / 2
    assert value("box_map", answers, golds, ListType(LOCATED)) == pytest.approx(expected, abs=1e-12)


def test_a_label_no_gold_has_is_not_averaged() -> None:
    """As COCO has it: a false alarm of a label that no gold has costs nothing."""
    answers, golds = [(found("red", A), found("green", B))], [(found("red", A),)]
    assert value("box_map", answers, golds, ListType(LOCATED)) == 1.0


def test_no_gold_box_no_value() -> None:
    assert math.isnan(value("box_map", [()], [()], ListType(LOCATED)))


def test_unread_rows_of_boxes() -> None:
    """Row 2 invents one red box, surer than all; row 3, without gold, one as well, shared by the one label there is. Of
    three answered red boxes one is right, of two gold: precision 1/3 up to a recall of 1/2."""
    answers, golds = [(found("red", A),), UNREAD, UNREAD], [(found("red", A),), (found("red", B),), ()]
    assert value("box_map", answers, golds, ListType(LOCATED)) == pytest.approx(51 / 101 / 3, abs=1e-12)


def coco_map(answers: list[Any], golds: list[Any], thresholds: list[float]) -> float:
    """What pycocotools says, without its bounds on boxes and areas."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def entry(number: int, image: int, one: dict[str, Any]) -> dict[str, Any]:
        x1, y1, x2, y2 = one["where"].numbers
        return {
            "id": number,
            "image_id": image,
            "category_id": NAMES.index(one["label"]) + 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": 0,
            "score": one["sure"],
        }

    flat = [(image, one) for image, row in enumerate(golds) for one in row]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": image} for image in range(len(golds))],
            "categories": [{"id": number + 1} for number in range(len(NAMES))],
            "annotations": [entry(number + 1, image, one) for number, (image, one) in enumerate(flat)],
        }
        truth.createIndex()
        said = truth.loadRes(
            [entry(0, image, one) for image, row in enumerate(answers) for one in row]  # type: ignore[arg-type]
        )
        evaluation = COCOeval(truth, said, "bbox")
        evaluation.params.iouThrs = np.array(thresholds)
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[-1, 1e10]], ["all"]
        evaluation.params.maxDets = [100]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]
    return float(precision[precision > -1].mean())


@st.composite
def detections(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Rows in which no two boxes of the set are equally sure, so that the order of rows has no say in COCO either."""
    # Few places, so that a box often overlaps two gold boxes alike.
    numbers = st.integers(0, 3).map(lambda n: n * 100)
    places = st.tuples(numbers, numbers, st.integers(1, 3), st.integers(1, 3)).map(
        lambda n: box(n[0], n[1], n[0] + n[2] * 100, n[1] + n[3] * 100)
    )
    colours = st.sampled_from(NAMES[:2])
    rows = draw(st.integers(1, 5))
    golds = [
        [found(draw(colours), where, 1.0) for where in draw(st.lists(places, max_size=4, unique=True))]
        for _ in range(rows)
    ]
    sure = iter(draw(st.permutations(range(1, 31))))
    answers = []
    for gold in golds:
        near = draw(st.lists(st.sampled_from(gold), max_size=3)) if gold else []
        where = [*(one["where"] for one in near), *draw(st.lists(places, max_size=3))]
        answers.append([found(draw(colours), place, next(sure) / 32) for place in where])
    return answers, golds


@given(detections(), st.sampled_from([[0.5], [0.3, 0.75], [0.5, 0.7, 0.9]]))
def test_pycocotools_agrees_on_average_precision(rows: tuple[list[Any], list[Any]], thresholds: list[float]) -> None:
    answers, golds = rows
    if not any(golds) or not any(answers):
        return
    expected = coco_map(answers, golds, thresholds)
    mine = value(
        "box_map", [tuple(row) for row in answers], [tuple(row) for row in golds], ListType(SURE), iou=tuple(thresholds)
    )
    assert mine == pytest.approx(expected, abs=1e-9)


def test_of_gold_boxes_that_are_overlapped_alike_the_last_is_taken() -> None:
    """The surest box overlaps both gold boxes by a third; the second box is the first of them exactly."""
    golds = [(found("red", box(0, 0, 20, 10), 1.0), found("red", box(20, 0, 40, 10), 1.0))]
    answers = [(found("red", box(10, 0, 30, 10), 0.9), found("red", box(0, 0, 20, 10), 0.8))]
    assert coco_map(answers, golds, [0.3]) == pytest.approx(1.0)
    assert value("box_map", answers, golds, ListType(SURE), iou=(0.3,)) == 1.0


def test_a_box_without_area_can_be_found_and_pycocotools_never_finds_it() -> None:
    """The one known difference: a point or a line that is marked exactly. Documented in the page of the metric."""
    for where in (box(5, 5, 5, 5), box(5, 5, 5, 90)):
        row = [(found("red", where, 0.9),)]
        assert value("box_map", row, row, ListType(SURE)) == 1.0
        assert coco_map(row, row, [0.5]) == 0.0
