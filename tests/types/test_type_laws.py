"""Laws that hold for every type: what is written loads again, what is invented fits, plans keep it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from type_strategies import NESTING, SIMPLE, rows, typed

from medspec.check.types import canonical, fits, is_unknown
from medspec.metrics.base import Batch
from medspec.plan.form import _build, plain
from medspec.types import TYPES, Misfit, UnknownType, anchors

KINDS = (*SIMPLE, *NESTING, "abstain", "turns", "image")


def test_every_type_of_the_catalogue_is_drawn() -> None:
    assert {cls.kind for cls in TYPES} - {UnknownType.kind} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_written_as_json_loads_again(kind: str, data: st.DataObject) -> None:
    type_, row, value = data.draw(typed(kind))
    written = json.loads(json.dumps(type_.to_json(value)))
    loaded = type_.load(written, row)
    assert loaded == value and type(loaded) is type(value)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), seed=st.integers())
def test_what_is_invented_fits_and_is_the_same_for_the_same_seed(kind: str, data: st.DataObject, seed: int) -> None:
    type_, row, _ = data.draw(typed(kind))
    value = type_.invent(random.Random(seed), row)
    assert type_.load(type_.to_json(value), row) == value == type_.invent(random.Random(seed), row)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_plan_keeps_a_type(kind: str, data: st.DataObject) -> None:
    type_, _, _ = data.draw(typed(kind))
    again = _build(json.loads(json.dumps(plain(type_))))
    assert again == type_ and again.spelled == type_.spelled and plain(again) == plain(type_)
    assert not is_unknown(type_) and canonical(type_) == type_ and fits(type_, canonical(type_))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_value_refers_to_its_anchors_alone(kind: str, data: st.DataObject) -> None:
    type_, row, value = data.draw(typed(kind))
    assert type_.load(type_.to_json(value), {name: row[name] for name in anchors(type_)}) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["image", "box", "start", "a"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), raw=json_values)
def test_any_raw_value_loads_or_is_a_misfit(kind: str, data: st.DataObject, raw: Any) -> None:
    type_, row, _ = data.draw(typed(kind))
    try:
        value = type_.load(raw, row)
    except Misfit as misfit:
        assert str(misfit)
    else:
        assert type_.load(type_.to_json(value), row) == value


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_metrics_can_number_the_values(kind: str, data: st.DataObject) -> None:
    type_, _, value = data.draw(typed(kind))
    predicted, gold, classes = Batch(type_, [value], [value]).codes
    assert predicted.tolist() == gold.tolist() and classes >= 1


@given(row=rows())
def test_rows_hold_what_types_are_anchored_in(row: dict[str, Any]) -> None:
    assert {"options", "note", "scan", "scans"} == set(row)
