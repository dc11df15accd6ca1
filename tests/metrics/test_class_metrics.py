"""Metrics over classes and ratings: worked by hand, and equal to scikit-learn's and statsmodels' on invented batches."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COLOUR, NAMES, UNREAD
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)
from statsmodels.stats.inter_rater import cohens_kappa

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.resample import draw
from medspec.types import BooleanType, ChoiceType, IntegerType, ListType, OptionalType, ScoreType, Type

pairs_of_names = st.lists(st.tuples(st.sampled_from((*NAMES, None)), st.sampled_from(NAMES)), min_size=1, max_size=40)


def value(name: str, type_: Type, answers: list[Any], golds: list[Any], **settings: Any) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds), {**metric.defaults, **settings})


def colours(name: str, answers: list[Any], golds: list[Any], **settings: Any) -> float:
    return value(name, COLOUR, answers, golds, **settings)


def test_accuracy_by_hand() -> None:
    """One of four is right: one wrong, two unread."""
    assert colours("accuracy", ["red", "amber", UNREAD, UNREAD], ["red", "red", "red", "amber"]) == 0.25


def test_an_accuracy_has_all_its_digits() -> None:
    """826 of 1273, to the last digit of a 64-bit float."""
    assert colours("accuracy", ["red"] * 826 + ["amber"] * 447, ["red"] * 1273) == 826 / 1273


@given(pairs_of_names)
def test_torchmetrics_counts_accuracy_alike(pairs: list[tuple[str | None, str]]) -> None:
    """An unread row is a class that no gold has."""
    import torch
    from torchmetrics.functional.classification import multiclass_accuracy

    places = {name: at for at, name in enumerate((*NAMES, None))}
    answers, golds = ([places[name] for name in side] for side in zip(*pairs, strict=True))
    theirs = multiclass_accuracy(torch.tensor(answers), torch.tensor(golds), num_classes=len(places), average="micro")
    found = colours("accuracy", [UNREAD if name is None else name for name, _ in pairs], [name for _, name in pairs])
    assert found == pytest.approx(float(theirs), abs=1e-6)


def test_macro_f1_by_hand() -> None:
    """red: 2 hits, 1 miss (unread) -> 4/5. amber: 1 hit, 1 false alarm -> 2/3. green: missed -> 0. blue never occurs."""
    found = colours("macro_f1", ["red", "red", UNREAD, "amber", "amber"], ["red", "red", "red", "amber", "green"])
    assert found == pytest.approx((4 / 5 + 2 / 3 + 0) / 3, abs=1e-15)


def test_macro_f1_counts_a_class_that_only_answers_name() -> None:
    """red: 1 hit, 1 miss -> 2/3; blue, which no row has: 0."""
    assert colours("macro_f1", ["red", "blue"], ["red", "red"]) == pytest.approx(1 / 3, abs=1e-15)


def test_none_is_a_value_like_any_other() -> None:
    """Two of four right, one of them "none"; macro F1: red 2/3, amber 0, none 2/3."""
    type_, answers, golds = OptionalType(COLOUR), ["red", None, "red", None], ["red", None, "amber", "amber"]
    assert value("accuracy", type_, answers, golds) == 0.5
    assert value("macro_f1", type_, answers, golds) == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
    of_options = [0, None, 0, None], [0, None, 1, 1]
    assert value("macro_f1", OptionalType(ChoiceType("options")), *of_options) == pytest.approx(4 / 9)


def test_accuracy_of_values_without_a_fixed_set() -> None:
    assert value("accuracy", IntegerType(), [3, 4, UNREAD], [3, 5, 4]) == pytest.approx(1 / 3)
    lists = [("red", "blue"), ("blue", "red"), ()], [("red", "blue"), ("red", "blue"), ()]
    assert value("accuracy", ListType(COLOUR), *lists) == pytest.approx(2 / 3)


def test_kappa_by_hand() -> None:
    """Cohen's classic two-rater table: 20 and 15 agreed of 50, 5 and 10 not: kappa 0.4."""
    answers = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    golds = [True] * 25 + [False] * 25
    assert value("kappa", BooleanType(), answers, golds) == pytest.approx(0.4, abs=1e-15)


def test_kappa_of_an_unread_row() -> None:
    """Golds 2:2, answers 2 red, 1 amber, 1 unread, all read ones right: agreement 3/4, by chance 2/4*2/4 + 2/4*1/4."""
    found = colours("kappa", ["red", "red", "amber", UNREAD], ["red", "red", "amber", "amber"])
    assert found == pytest.approx((0.75 - 0.375) / (1 - 0.375), abs=1e-15)


def test_quadratic_kappa_of_an_unread_row() -> None:
    """On the scale 0..2: disagreements 0, 0, 1 and 4 (unread, the whole scale); by chance golds (1,1,2) against answers
    0, 1, 1 and unread: 9/4, worked out pair by pair."""
    answers, golds = [0, 1, 1, UNREAD], [0, 1, 2, 2]
    observed = (0 + 0 + 1 + 4) / 4
    by_chance = sum((4 if answer is UNREAD else (gold - answer) ** 2) for gold in golds for answer in answers) / 16
    found = value("quadratic_kappa", ScoreType(0, 2), answers, golds)
    assert found == pytest.approx(1 - observed / by_chance, abs=1e-15)


def test_ratings_may_begin_anywhere() -> None:
    at_0 = value("quadratic_kappa", ScoreType(0, 3), [0, 1, 3, 2], [0, 2, 3, 3])
    at_5 = value("quadratic_kappa", IntegerType(5, 8), [5, 6, 8, 7], [5, 7, 8, 8])
    assert at_0 == at_5 == pytest.approx(cohen_kappa_score([0, 2, 3, 3], [0, 1, 3, 2], weights="quadratic"))


def test_positives_by_hand() -> None:
    """Positive is red: 1 hit, 1 false alarm (amber called red), 1 miss, and unread: 1 miss of red, 1 false alarm on amber."""
    answers, golds = ["red", "red", "amber", UNREAD, UNREAD], ["red", "amber", "red", "red", "amber"]
    assert colours("precision", answers, golds, positive="red") == pytest.approx(1 / 3)
    assert colours("recall", answers, golds, positive="red") == pytest.approx(1 / 3)
    assert colours("f1", answers, golds, positive="red") == pytest.approx(2 / (2 + 2 + 2))


@pytest.mark.parametrize(("name", "expected"), [("precision", 1.0), ("recall", 1.0), ("f1", 1.0)])
def test_nothing_to_find_and_nothing_invented(name: str, expected: float) -> None:
    assert colours(name, ["red", "green"], ["red", "amber"], positive="blue") == expected


def test_nothing_found_where_something_was() -> None:
    assert [colours(name, ["red"], ["blue"], positive="blue") for name in ("precision", "recall", "f1")] == [0, 0, 0]


@pytest.mark.parametrize("name", ["macro_f1", "kappa", "matthews", "balanced_accuracy"])
def test_a_whole_set_unread_scores_nothing(name: str) -> None:
    assert colours(name, [UNREAD, UNREAD], ["red", "amber"]) == 0.0
    metric = find_metric(name)
    assert metric is not None and metric.resampled is not None
    batch = Batch(COLOUR, [UNREAD, UNREAD], ["red", "amber"])
    assert draw([metric.resampled(batch, {})], 5, 0)[0].tolist() == [0.0] * 5


@given(pairs_of_names)
def test_scikit_learn_agrees(pairs: list[tuple[str | None, str]]) -> None:
    """An unread answer is a class of its own, which is what these metrics say of it."""
    read, golds = [answer or UNREAD for answer, _ in pairs], [gold for _, gold in pairs]
    answers = [answer or "unread" for answer, _ in pairs]
    occurring = sorted({*golds, *answers} - {"unread"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {
            "accuracy": accuracy_score(golds, answers),
            "macro_f1": f1_score(golds, answers, labels=occurring, average="macro", zero_division=0),
            "balanced_accuracy": balanced_accuracy_score(golds, answers),
        }
        if golds != answers:
            expected["kappa"] = cohen_kappa_score(golds, answers)
            expected["matthews"] = matthews_corrcoef(golds, answers)
    found = {name: colours(name, read, golds) for name in expected}
    assert found == pytest.approx(expected, abs=1e-12)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=30), st.sampled_from(NAMES)
)
def test_scikit_learn_agrees_on_positives(pairs: list[tuple[str, str]], positive: str) -> None:
    answers, golds = [answer for answer, _ in pairs], [gold for _, gold in pairs]
    mine, theirs = [answer == positive for answer in answers], [gold == positive for gold in golds]
    scorers = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    empty = 1.0 if not any(mine) and not any(theirs) else 0.0
    for name, scorer in scorers.items():
        at_nothing = 1.0 if name == "recall" else empty
        expected = scorer(theirs, mine, zero_division=at_nothing)
        assert colours(name, answers, golds, positive=positive) == pytest.approx(expected, abs=1e-12), name
        assert value(name, BooleanType(), mine, theirs, positive=True) == pytest.approx(expected, abs=1e-12), name


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_scikit_learn_and_statsmodels_agree_on_ratings(pairs: list[tuple[int, int]]) -> None:
    answers, golds = [answer for answer, _ in pairs], [gold for _, gold in pairs]
    if len({*answers, *golds}) < 2:
        return
    found = value("quadratic_kappa", ScoreType(0, 4), answers, golds)
    assert found == pytest.approx(cohen_kappa_score(golds, answers, labels=range(5), weights="quadratic"), abs=1e-12)
    table = np.zeros((5, 5))
    np.add.at(table, (golds, answers), 1)
    weights = np.subtract.outer(np.arange(5), np.arange(5)) ** 2
    assert found == pytest.approx(cohens_kappa(table, weights=weights, wt=None, return_results=False), abs=1e-12)


def test_many_classes_are_counted_all_the_same() -> None:
    """More classes than a whole table is made for."""
    rng = np.random.default_rng(0)
    golds, answers = rng.integers(0, 1500, 4000).tolist(), rng.integers(0, 1500, 4000).tolist()
    answers[:2000] = golds[:2000]
    found = value("kappa", ChoiceType("options"), answers, golds)
    assert found == pytest.approx(cohen_kappa_score(golds, answers), abs=1e-12)
    expected = f1_score(golds, answers, average="macro", zero_division=0)
    assert value("macro_f1", ChoiceType("options"), answers, golds) == pytest.approx(expected, abs=1e-12)


def test_a_million_rows_take_a_moment() -> None:
    """About half a second on one core; the bound leaves room for a slow machine."""
    rng = np.random.default_rng(0)
    golds = rng.integers(0, 5, 1_000_000).tolist()
    answers = [UNREAD if answer == 5 else answer for answer in rng.integers(0, 6, 1_000_000).tolist()]
    value("accuracy", ChoiceType("options"), [0], [0])  # imports torch
    macro_f1 = find_metric("macro_f1")
    assert macro_f1 is not None and macro_f1.resampled is not None
    start = time.process_time()
    batch = Batch(ChoiceType("options"), answers, golds)
    values = [find_metric(name).compute(batch, {}) for name in ("accuracy", "macro_f1", "kappa")]  # type: ignore[union-attr]
    draw([macro_f1.resampled(batch, {})], 1000, 0)
    assert time.process_time() - start < 5
    assert values[0] == pytest.approx(1 / 6, abs=0.005)
