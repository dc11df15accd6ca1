"""What is true of every metric: its range, its best value, the order of rows, rows against the whole, replicates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.metrics import METRICS, find_metric
from medspec.metrics.base import Batch, Metric
from medspec.readers.base import Unread
from medspec.types import BooleanType, ChoiceType, EnumCase, EnumType, FloatType, IntegerType, TextType, Type

UNREAD = Unread("no_letter", "?")
TYPES: dict[str, tuple[Type, st.SearchStrategy[Any]]] = {
    "enum": (
        EnumType("Colour", tuple(EnumCase(name, name) for name in ("red", "amber", "green", "blue"))),
        st.sampled_from(("red", "amber", "green")),
    ),
    "bool": (BooleanType(), st.booleans()),
    "choice": (ChoiceType("options"), st.integers(0, 5)),
    "int": (IntegerType(), st.integers(-3, 3)),
    "float": (FloatType(), st.sampled_from((0.0, 0.5, -1.0))),
    "text": (TextType(), st.sampled_from(("", "fever", "cough"))),
}
PAIRS = [
    (metric, kind)
    for metric in METRICS
    for kind, (type_, _) in TYPES.items()
    if metric.signature.variable.accepts(type_)
]
NAMES = [f"{metric.name}-{kind}" for metric, kind in PAIRS]


def value_of(metric: Metric, batch: Batch) -> float:
    return metric.compute(batch, {setting.name: setting.default for setting in metric.settings})


def pairs_of(kind: str) -> st.SearchStrategy[list[tuple[Any, Any]]]:
    values = TYPES[kind][1]
    return st.lists(st.tuples(st.one_of(values, st.just(UNREAD)), values), min_size=1, max_size=30)


def batch_of(kind: str, pairs: list[tuple[Any, Any]]) -> Batch:
    return Batch(TYPES[kind][0], [answer for answer, _ in pairs], [gold for _, gold in pairs])


@pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_a_value_lies_in_its_range_and_gold_is_best(metric: Metric, kind: str, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(kind))
    reach = metric.signature.yields
    value = value_of(metric, batch_of(kind, pairs))
    best = value_of(metric, batch_of(kind, [(gold, gold) for _, gold in pairs]))
    assert isinstance(value, float) and math.isfinite(value)
    assert (reach.low is None or value >= reach.low) and (reach.high is None or value <= reach.high)
    assert best == (reach.high if reach.higher_is_better else reach.low)


@pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(metric: Metric, kind: str, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(kind))
    shuffled = data.draw(st.permutations(pairs))
    assert value_of(metric, batch_of(kind, shuffled)) == pytest.approx(
        value_of(metric, batch_of(kind, pairs)), abs=1e-12
    )


@pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_rows_average_to_the_whole(metric: Metric, kind: str, data: st.DataObject) -> None:
    pairs = data.draw(pairs_of(kind))
    if metric.signature.grain == "whole set":
        assert metric.per_row is None
        return
    assert metric.per_row is not None
    rows = [metric.per_row(answer, gold, TYPES[kind][0], {}) for answer, gold in pairs]
    assert sum(rows) / len(rows) == pytest.approx(value_of(metric, batch_of(kind, pairs)), abs=1e-12)


@pytest.mark.parametrize(("metric", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_reading_a_reply_never_lowers_a_score_that_it_makes_right(
    metric: Metric, kind: str, data: st.DataObject
) -> None:
    """An unread answer is the worst there is: to read it as its gold is better, or as good."""
    pairs = data.draw(pairs_of(kind))
    read = [(gold if answer is UNREAD else answer, gold) for answer, gold in pairs]
    assert value_of(metric, batch_of(kind, read)) >= value_of(metric, batch_of(kind, pairs)) - 1e-12


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_what_a_member_states(metric: Metric) -> None:
    assert find_metric(metric.name) is metric
    assert metric.signature.grain in ("per row", "whole set")
    assert (metric.per_row is not None) == (metric.signature.grain == "per row")
    assert metric.signature.grain == "per row" or metric.replicates is not None
    assert metric.summary


def test_names_are_unique_and_others_are_not_found() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert find_metric("acuracy") is None


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.replicates], ids=lambda metric: metric.name)
def test_replicates_are_values_of_resampled_batches(metric: Metric) -> None:
    """Same mean and spread as resampling rows one batch at a time, which is what they stand for."""
    assert metric.replicates is not None
    rng = np.random.default_rng(3)
    names = ["red", "amber", "green"]
    golds = [names[place] for place in rng.choice(3, 60, p=[0.6, 0.35, 0.05])]
    answers = [gold if rng.random() < 0.6 else (UNREAD if rng.random() < 0.3 else "amber") for gold in golds]
    batch = Batch(TYPES["enum"][0], answers, golds)
    quick = metric.replicates(batch, {}, 4000, np.random.default_rng(1))
    slow = []
    for _ in range(800):
        rows = rng.integers(0, 60, 60)
        slow.append(value_of(metric, Batch(batch.type, [answers[row] for row in rows], [golds[row] for row in rows])))
    assert quick.shape == (4000,)
    error = np.std(slow) / np.sqrt(800)
    assert abs(quick.mean() - np.mean(slow)) < 4 * error
    assert np.quantile(quick, [0.05, 0.5, 0.95]) == pytest.approx(np.quantile(slow, [0.05, 0.5, 0.95]), abs=0.03)
    again = metric.replicates(batch, {}, 4000, np.random.default_rng(1))
    assert (again == quick).all()
