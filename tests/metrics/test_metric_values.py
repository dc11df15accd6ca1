"""Values of the metrics: worked by hand, and equal to scikit-learn's on invented batches."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from medspec.metrics import METRICS, find_metric
from medspec.metrics.base import Batch
from medspec.readers.base import Unread
from medspec.types import BooleanType, ChoiceType, EnumCase, EnumType, ListType, TextType

ACCURACY, MACRO_F1 = find_metric("accuracy"), find_metric("macro_f1")
assert ACCURACY is not None and MACRO_F1 is not None and MACRO_F1.replicates is not None

UNREAD = Unread("no_case", "?")
NAMES = ("red", "amber", "green", "blue", "white")
COLOUR = EnumType("Colour", tuple(EnumCase(name, name) for name in NAMES))


def batch_of(answers: list[Any], golds: list[Any]) -> Batch:
    return Batch(COLOUR, answers, golds)


def test_accuracy_by_hand() -> None:
    """One of four is right: one wrong, two unread."""
    assert ACCURACY.compute(batch_of(["red", "amber", UNREAD, UNREAD], ["red", "red", "red", "amber"]), {}) == 0.25


def test_an_accuracy_has_all_its_digits() -> None:
    """826 of 1273, to the last digit of a 64-bit float."""
    golds = ["red"] * 1273
    assert ACCURACY.compute(batch_of(["red"] * 826 + ["amber"] * 447, golds), {}) == 826 / 1273


def test_macro_f1_by_hand() -> None:
    """red: 2 hits, 1 miss (unread) -> 4/5. amber: 1 hit, 1 false alarm -> 2/3. green: missed -> 0. blue never occurs."""
    answers = ["red", "red", UNREAD, "amber", "amber"]
    golds = ["red", "red", "red", "amber", "green"]
    assert MACRO_F1.compute(batch_of(answers, golds), {}) == pytest.approx((4 / 5 + 2 / 3 + 0) / 3, abs=1e-15)


def test_macro_f1_counts_a_class_that_only_answers_name() -> None:
    """red: 1 hit, 1 miss -> 2/3; blue, which no row has: 0."""
    assert MACRO_F1.compute(batch_of(["red", "blue"], ["red", "red"]), {}) == pytest.approx(1 / 3, abs=1e-15)


def test_a_whole_set_unread_scores_nothing() -> None:
    batch = batch_of([UNREAD, UNREAD], ["red", "amber"])
    assert [metric.compute(batch, {}) for metric in METRICS] == [0.0, 0.0]
    assert MACRO_F1.replicates(batch, {}, 5, np.random.default_rng(0)).tolist() == [0.0] * 5


def test_accuracy_of_values_without_a_fixed_set() -> None:
    assert ACCURACY.compute(Batch(TextType(), ["a", "b", UNREAD], ["a", "c", "b"]), {}) == pytest.approx(1 / 3)
    lists = Batch(ListType(TextType()), [("a", "b"), ("b", "a"), ()], [("a", "b"), ("a", "b"), ()])
    assert ACCURACY.compute(lists, {}) == pytest.approx(2 / 3)


def test_what_the_types_are() -> None:
    assert ACCURACY.signature.spelled("accuracy") == "accuracy : (pred: T, gold: T) -> fraction   per row   T: equal"
    spelled = "macro_f1 : (pred: E, gold: E) -> fraction   whole set   E: closed"
    assert MACRO_F1.signature.spelled("macro_f1") == spelled
    assert not MACRO_F1.signature.variable.accepts(TextType())


@given(st.lists(st.tuples(st.sampled_from((*NAMES, None)), st.sampled_from(NAMES)), min_size=1, max_size=40))
def test_scikit_learn_agrees(pairs: list[tuple[str | None, str]]) -> None:
    answers = [answer or "unread" for answer, _ in pairs]
    golds = [gold for _, gold in pairs]
    batch = batch_of([answer or UNREAD for answer, _ in pairs], golds)
    occurring = sorted({*golds, *answers} - {"unread"})
    expected = f1_score(golds, answers, labels=occurring, average="macro", zero_division=0)
    assert ACCURACY.compute(batch, {}) == pytest.approx(accuracy_score(golds, answers), abs=1e-12)
    assert MACRO_F1.compute(batch, {}) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_scikit_learn_agrees_on_yes_and_no(pairs: list[tuple[bool, bool]]) -> None:
    answers, golds = [answer for answer, _ in pairs], [gold for _, gold in pairs]
    expected = f1_score(golds, answers, labels=sorted({*golds, *answers}), average="macro", zero_division=0)
    assert MACRO_F1.compute(Batch(BooleanType(), answers, golds), {}) == pytest.approx(expected, abs=1e-12)


def test_a_million_rows_take_a_moment() -> None:
    """About half a second for both on one core; the bound leaves room for a slow machine."""
    rng = np.random.default_rng(0)
    golds = rng.integers(0, 5, 1_000_000).tolist()
    answers = [UNREAD if answer == 5 else answer for answer in rng.integers(0, 6, 1_000_000).tolist()]
    ACCURACY.compute(Batch(ChoiceType("options"), [0], [0]), {})  # imports torch
    start = time.process_time()
    batch = Batch(ChoiceType("options"), answers, golds)
    values = [metric.compute(batch, {}) for metric in METRICS]
    MACRO_F1.replicates(batch, {}, 1000, rng)
    assert time.process_time() - start < 5
    assert values[0] == pytest.approx(1 / 6, abs=0.005)
