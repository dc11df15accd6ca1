"""Sets of labels, spans and rankings: worked by hand, and equal to scikit-learn's and scipy's on invented batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COLOUR, NAMES, UNREAD, spans
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.stats import kendalltau
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.types import ListType, RankingType, SetType, Span, SpanType, TextType, Type

SETS = SetType(COLOUR)
SPANS = ListType(SpanType(COLOUR, "note"))
sets = st.frozensets(st.sampled_from(NAMES))


def value(name: str, answers: list[Any], golds: list[Any], type_: Type = SETS, **settings: Any) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds), {**metric.defaults, **settings})


def test_sets_by_hand() -> None:
    """Right 1, answered 3, gold 3 of two rows; unread: two more gold, two invented; unread and empty gold: one invented."""
    answers = [frozenset({"red", "blue"}), frozenset({"green"}), UNREAD, UNREAD]
    golds = [frozenset({"red"}), frozenset({"red", "amber"}), frozenset({"red", "amber"}), frozenset()]
    assert value("set_precision", answers, golds) == pytest.approx(1 / (3 + 2 + 1))
    assert value("set_recall", answers, golds) == pytest.approx(1 / (3 + 2))
    assert value("set_f1", answers, golds) == pytest.approx(2 / (6 + 5))
    assert value("multilabel_f1", answers, golds, average="micro") == pytest.approx(2 / (6 + 5))
    assert value("exact_set", [*answers, frozenset()], [*golds, frozenset()]) == 1 / 5


def test_nothing_to_find_and_nothing_invented() -> None:
    empty = [frozenset(), frozenset()]
    names = ("set_f1", "set_precision", "set_recall", "exact_set", "multilabel_f1")
    assert [value(name, empty, empty) for name in names] == [1, 1, 1, 1, 1]
    found = [value(name, [UNREAD, UNREAD], empty) for name in names]
    assert found == [0, 0, 1, 0, 1], "recall and the mean over labels have nothing to count"


def test_invented_labels_of_an_unread_row_are_spread_over_all() -> None:
    """red: hit; blue: 1 missed. The unread row invents one label, half of it red, half blue: 2/2.5 and 0."""
    answers, golds = [frozenset({"red"}), UNREAD], [frozenset({"red"}), frozenset({"blue"})]
    assert value("multilabel_f1", answers, golds) == pytest.approx((2 / 2.5 + 0) / 2)


def test_a_list_is_taken_as_a_set_and_texts_are_labels() -> None:
    answers, golds = [("red", "red", "blue")], [("blue",)]
    assert value("set_f1", answers, golds, ListType(COLOUR)) == pytest.approx(2 / 3)
    texts = [frozenset({"chest pain", "Fever"})], [frozenset({"chest pain", "fever"})]
    assert value("set_f1", *texts, SetType(TextType())) == 0.5


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=15))
def test_scikit_learn_agrees_on_sets(rows: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    occurring = [name for name in NAMES if any(name in row for row in (*answers, *golds))]
    mine = np.array([[name in row for name in NAMES] for row in answers])
    theirs = np.array([[name in row for name in NAMES] for row in golds])
    empty = 1.0 if not occurring else 0.0
    expected = {
        "set_f1": f1_score(theirs, mine, average="micro", zero_division=empty),
        "set_precision": precision_score(theirs, mine, average="micro", zero_division=empty),
        "set_recall": recall_score(theirs, mine, average="micro", zero_division=1.0),
        "exact_set": accuracy_score(theirs, mine),
    }
    assert {name: value(name, answers, golds) for name in expected} == pytest.approx(expected, abs=1e-12)
    if occurring:
        labels = [NAMES.index(name) for name in occurring]
        macro = f1_score(theirs, mine, labels=labels, average="macro", zero_division=0)
        assert value("multilabel_f1", answers, golds) == pytest.approx(macro, abs=1e-12)


def test_spans_by_hand() -> None:
    """Exact: one of three answered and two gold. Overlap: also 3-5 with 0-4; 9-12 only touches 12-14; labels differ."""
    answers = [(Span(3, 5, "red"), Span(9, 12, "red"), Span(20, 22, "blue"))]
    golds = [(Span(0, 4, "red"), Span(12, 14, "red"), Span(20, 22, "blue"), Span(3, 5, "amber"))]
    assert value("span_f1", answers, golds, SPANS) == pytest.approx(2 * 1 / 7)
    assert value("span_f1", answers, golds, SPANS, match="overlap") == pytest.approx(2 * 2 / 7)
    unread = value("span_f1", [*answers, UNREAD, UNREAD], [*golds, golds[0], ()], SPANS)
    assert unread == pytest.approx(2 / (7 + 8 + 1))
    assert value("span_f1", [()], [()], SPANS) == 1.0


def test_a_span_listed_twice_is_matched_once() -> None:
    twice, once = (Span(0, 4, "red"), Span(0, 4, "red")), (Span(0, 4, "red"),)
    for match in ("exact", "overlap"):
        assert value("span_f1", [twice], [once], SPANS, match=match) == pytest.approx(2 / 3)


def test_a_reply_that_repeats_a_span_a_thousand_times() -> None:
    """Two of 3000 answered spans are matched with the two of the gold."""
    answers, golds = [(Span(0, 9, "red"),) * 3000], [(Span(0, 4, "red"), Span(5, 9, "red"))]
    assert value("span_f1", answers, golds, SPANS, match="overlap") == pytest.approx(2 * 2 / 3002)
    assert value("span_f1", golds, answers, SPANS, match="overlap") == pytest.approx(2 * 2 / 3002)
    many = [(Span(0, 9, "red"),) * 2000]
    assert value("span_f1", many, many, SPANS, match="overlap") == 1.0


@given(st.lists(spans, max_size=7, unique=True), st.lists(spans, max_size=7, unique=True))
def test_scikit_learn_and_scipy_agree_on_spans(answer: list[Span], gold: list[Span]) -> None:
    everything = sorted({*answer, *gold}, key=repr)
    if not everything:
        return
    exact = f1_score([span in gold for span in everything], [span in answer for span in everything], zero_division=0)
    assert value("span_f1", [tuple(answer)], [tuple(gold)], SPANS) == pytest.approx(exact, abs=1e-12)
    if answer and gold:
        covers = [
            [len(set(range(a.start, a.end)) & set(range(g.start, g.end))) > 0 and a.label == g.label for g in gold]
            for a in answer
        ]
        matched = int((maximum_bipartite_matching(csr_array(covers)) >= 0).sum())
        found = value("span_f1", [tuple(answer)], [tuple(gold)], SPANS, match="overlap")
        assert found == pytest.approx(2 * matched / (len(answer) + len(gold)), abs=1e-12)


@given(st.integers(2, 7).flatmap(lambda n: st.tuples(st.permutations(range(n)), st.permutations(range(n)))))
def test_scipy_agrees_on_rankings(pair: tuple[list[int], list[int]]) -> None:
    answer, gold = pair
    ranks = [[order.index(option) for option in range(len(order))] for order in pair]
    found = value("rank_correlation", [tuple(answer)], [tuple(gold)], RankingType("options"))
    assert found == pytest.approx(kendalltau(*ranks).statistic, abs=1e-12)


def test_rankings_by_hand() -> None:
    """The same 1, the reverse -1, one of three pairs turned 1/3, unread -1, a single option 1."""
    answers, golds = [(0, 1, 2), (2, 1, 0), (1, 0, 2), UNREAD, (0,)], [(0, 1, 2), (0, 1, 2), (0, 1, 2), (0, 1), (0,)]
    assert value("rank_correlation", answers, golds, RankingType("options")) == pytest.approx(
        (1 - 1 + 1 / 3 - 1 + 1) / 5
    )
