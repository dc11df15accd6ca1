"""What fits a signature: patterns, the three conversions, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import BOX, COLOUR, LOCATED, SURE

from medspec.metrics import METRICS, find_metric
from medspec.metrics.base import Batch
from medspec.metrics.patterns import CLOSED_KINDS, Variable, join, labelled_fields, match
from medspec.metrics.selection import fields_of, select_batch, select_type, select_value
from medspec.readers.base import Unread
from medspec.types import (
    BooleanType,
    BoxType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    ImageType,
    IntegerType,
    ListType,
    OptionalType,
    RankingType,
    RecordType,
    ScoreType,
    SetType,
    SpanType,
    TextType,
    Type,
    UnknownType,
)

SAME_CASES = EnumType("Other", COLOUR.cases)
SPAN = SpanType(COLOUR, "note")
TYPES: list[Type] = [
    BooleanType(), IntegerType(), IntegerType(0, 4), FloatType(), FloatType(unit="mm"), TextType(), TextType(50), COLOUR,
    SAME_CASES, ChoiceType("options"), ScoreType(0, 4), ScoreType(0.0, 1.0, whole=False), SetType(COLOUR), SetType(TextType()),
    ListType(COLOUR), ListType(COLOUR, 1, 4), OptionalType(COLOUR), SPAN, ListType(SPAN), BOX, LOCATED, ListType(LOCATED),
    ListType(SURE), RankingType("options"), ImageType(), ListType(ImageType()),
]  # fmt: skip


def given_both(pred: Type, gold: Type | None = None) -> dict[str, Type]:
    return {"pred": pred, "gold": gold or pred, "value": pred}


FITTING = {
    "accuracy": [
        BooleanType(), IntegerType(), IntegerType(0, 4), COLOUR, SAME_CASES, ChoiceType("options"), ScoreType(0, 4),
        SetType(COLOUR), SetType(TextType()), ListType(COLOUR), ListType(COLOUR, 1, 4), OptionalType(COLOUR), SPAN,
        ListType(SPAN), RankingType("options"),
    ],
    "macro_f1": [BooleanType(), COLOUR, SAME_CASES, ChoiceType("options"), OptionalType(COLOUR)],
    "f1": [BooleanType(), COLOUR, SAME_CASES],
    "quadratic_kappa": [IntegerType(0, 4), ScoreType(0, 4)],
    "exact_match": [TextType(), TextType(50)],
    "mae": [
        IntegerType(), IntegerType(0, 4), FloatType(), FloatType(unit="mm"), ScoreType(0, 4), ScoreType(0.0, 1.0, whole=False),
    ],
    "set_f1": [SetType(COLOUR), SetType(TextType()), ListType(COLOUR), ListType(COLOUR, 1, 4)],
    "multilabel_f1": [SetType(COLOUR), ListType(COLOUR), ListType(COLOUR, 1, 4)],
    "span_f1": [ListType(SPAN)],
    "box_iou": [BOX],
    "box_map": [ListType(LOCATED), ListType(SURE)],
    "rank_correlation": [RankingType("options")],
    "rate": [BooleanType()],
    "mean": [
        BooleanType(), IntegerType(), IntegerType(0, 4), FloatType(), FloatType(unit="mm"), ScoreType(0, 4),
        ScoreType(0.0, 1.0, whole=False),
    ],
}  # fmt: skip
"""Metric -> all types of the list above that it takes on both sides."""


@pytest.mark.parametrize("name", FITTING)
def test_what_a_metric_takes(name: str) -> None:
    metric = find_metric(name)
    assert metric is not None
    assert [type_ for type_ in TYPES if not metric.signature.mismatches(given_both(type_))] == FITTING[name]


@pytest.mark.parametrize(
    ("name", "pred", "gold", "fits"),
    [
        ("accuracy", COLOUR, SAME_CASES, False),
        ("accuracy", ListType(COLOUR, 1, 4), ListType(COLOUR), True),
        ("accuracy", OptionalType(COLOUR), COLOUR, True),
        ("accuracy", COLOUR, OptionalType(COLOUR), True),
        ("accuracy", ListType(COLOUR), SetType(COLOUR), False),
        ("set_f1", ListType(COLOUR), SetType(COLOUR), True),
        ("set_f1", SetType(COLOUR), ListType(COLOUR, 1, 4), True),
        ("set_f1", SetType(COLOUR), SetType(SAME_CASES), False),
        ("within", FloatType(unit="mm"), FloatType(unit="mm"), True),
        ("within", FloatType(unit="mm"), FloatType(unit="cm"), False),
        ("within", FloatType(unit="mm"), FloatType(), False),
        ("within", FloatType(0.0, 1.0), FloatType(), True),
        ("mae", IntegerType(0, 9), IntegerType(3, 4), True),
        ("quadratic_kappa", ScoreType(0, 4), ScoreType(0, 5), False),
        ("quadratic_kappa", IntegerType(0, 4), IntegerType(0, 3), False),
        ("span_f1", ListType(SPAN), ListType(SpanType(COLOUR, "summary")), False),
        ("span_f1", ListType(SPAN), ListType(SpanType(SAME_CASES, "note")), False),
        ("box_iou", BOX, BoxType("xywh", "mille", "scan"), False),
        ("box_iou", BOX, BoxType("xyxy", "unit", "scan"), False),
        ("box_iou", BOX, BoxType("xyxy", "mille", "other"), False),
        ("box_map", ListType(LOCATED), ListType(SURE), False),
        ("rank_correlation", RankingType("options"), RankingType("others"), False),
        ("exact_match", TextType(50), TextType(), True),
    ],
)
def test_two_sides(name: str, pred: Type, gold: Type, fits: bool) -> None:
    metric = find_metric(name)
    assert metric is not None
    found = metric.signature.mismatches(given_both(pred, gold))
    assert (not found) == fits
    assert fits or list(found) == ["gold"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_what_could_not_be_resolved_fits(metric) -> None:
    assert not metric.signature.mismatches(given_both(UnknownType()))


pairs = st.tuples(st.sampled_from(TYPES), st.sampled_from(TYPES))


@given(pairs, st.sampled_from(METRICS))
def test_which_side_is_which_does_not_matter(pair: tuple[Type, Type], metric) -> None:
    there, back = (metric.signature.mismatches(given_both(*order)) for order in (pair, pair[::-1]))
    if metric.signature.value is None:
        assert bool(there) == bool(back)


@given(pairs)
def test_a_common_type_is_common_to_both(pair: tuple[Type, Type]) -> None:
    one, other = pair
    common = join(one, other)
    assert common == join(other, one) or {one.kind, other.kind} == {"text"}
    assert join(one, one) == one
    if common is not None:
        assert join(one, common) == common or common.kind == "text"


def test_a_labelled_box_is_a_record_with_one_of_each() -> None:
    assert labelled_fields(LOCATED) == ("where", "label", None)
    assert labelled_fields(SURE) == ("where", "label", "sure")
    two = RecordType("Two", (*LOCATED.fields, FieldType("second", BOX)))
    none = RecordType("None", (FieldType("where", BOX), FieldType("name", TextType())))
    assert labelled_fields(two) is labelled_fields(none) is labelled_fields(BOX) is None
    assert match(Variable("E", "closed"), TextType(), {}) == "a closed type (bool, enum or choice)"
    assert set(CLOSED_KINDS) == {"bool", "enum", "choice"}


def test_a_selection_is_lifted_through_lists_and_optionals() -> None:
    inner = RecordType("Inner", (FieldType("size", IntegerType()),))
    outer = RecordType("Outer", (FieldType("items", ListType(inner)), FieldType("extra", OptionalType(inner))))
    assert select_type(outer, ("items", "size")) == ListType(IntegerType())
    assert select_type(OptionalType(outer), ("extra", "size")) == OptionalType(IntegerType())
    assert select_type(outer, ("items", "sise")) is None
    assert select_type(COLOUR, ("name",)) is None
    assert select_type(outer, ()) == outer
    assert fields_of(OptionalType(ListType(outer))) == ("items", "extra") and fields_of(COLOUR) == ()
    value = {"items": ({"size": 3}, {"size": 4}), "extra": None}
    assert select_value(value, ("items", "size")) == (3, 4)
    assert select_value(value, ("extra", "size")) is None
    unread = Unread("x", "y")
    assert select_value(unread, ("items",)) is unread


def test_a_batch_is_selected_on_both_sides() -> None:
    unread = Unread("x", "y")
    batch = Batch(ListType(LOCATED), [({"label": "red", "where": None},), unread], [(), ()], ListType(LOCATED, 0, 3))
    seen = select_batch(batch, ("label",))
    assert (seen.type, seen.gold_type) == (ListType(COLOUR), ListType(COLOUR, 0, 3))
    assert (seen.answers, seen.golds) == ([("red",), unread], [(), ()])
    assert select_batch(batch, ()) is batch
    assert EnumCase("red", "red") in COLOUR.cases
