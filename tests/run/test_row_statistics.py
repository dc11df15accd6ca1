"""What a report says beside a score: best and worst of k tries, bounds under unread rows, reliability, risk and coverage."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import CASES, Case, invented
from planned_specs import plan_of, run_plan, write_lines
from watched_models import Watched

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.plan.nodes import AnswerValue, Interval, Score
from medspec.readers.base import Unread
from medspec.run.confidence import reliability, risk_coverage
from medspec.run.pass_at import at_k, pass_at, tries
from medspec.run.score import score_task
from medspec.run.unread_bounds import unread_bounds
from medspec.types import BooleanType

UNREAD = Unread("no_case", "?")


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_published_estimator(case: tuple[int, int, int]) -> None:
    draws, right, k = case
    values = np.array([[1.0]] * right + [[0.0]] * (draws - right))
    assert at_k(values, k, best=True)[0] == pytest.approx(1 - math.comb(draws - right, k) / math.comb(draws, k))
    assert at_k(values, k, best=False)[0] == pytest.approx(math.comb(right, k) / math.comb(draws, k))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.data())
def test_the_best_of_k_is_the_mean_over_all_choices(values: list[float], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(values)))
    column = np.array(values)[:, None]
    chosen = list(combinations(values, k))
    assert at_k(column, k, best=True)[0] == pytest.approx(np.mean([max(one) for one in chosen]))
    assert at_k(column, k, best=False)[0] == pytest.approx(np.mean([min(one) for one in chosen]))


def test_tries_are_powers_of_two_and_all() -> None:
    assert [tries(n) for n in (1, 2, 3, 5, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 5], [1, 2, 4, 8]]


def test_of_an_error_the_best_is_the_smallest() -> None:
    values = np.array([[3.0, 0.0], [1.0, 4.0]])
    found = pass_at(values, Interval(resamples=50), higher_is_better=False, clusters=None)
    assert (found["pass_at"]["2"]["value"], found["worst_at"]["2"]["value"]) == (0.5, 3.5)
    assert found["pass_at"]["1"]["value"] == found["worst_at"]["1"]["value"] == 2.0
    skipped = pass_at(np.array([[np.nan, 1.0], [1.0, 1.0]]), Interval(), higher_is_better=True, clusters=None)
    assert skipped["pass_at"]["2"]["value"] == 1.0
    none = pass_at(np.array([[np.nan], [1.0]]), Interval(), higher_is_better=True, clusters=None)
    assert none == {"pass_at": {}, "worst_at": {}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_unread_bounds_hold_whatever_was_said(case: Case) -> None:
    """The score as counted is one end; with every unread row answered by its gold (the best value) it is the other."""
    rows = invented(case, 30)
    value = AnswerValue() if case.metric.signature.value is not None else None
    yields = case.yields
    score = Score(
        label="it",
        metric=case.metric.name,
        settings=tuple(case.settings.items()),
        version=1,
        primary=True,
        value=value,
        low=yields.low,
        high=yields.high,
        higher_is_better=yields.higher_is_better,
    )
    found = unread_bounds(score, [case.batch(rows)])
    if "confidence" in case.metric.signature.needs:
        assert found is None
        return
    if case.metric.signature.gold is None and value is None:
        # Nothing is compared: what could have been said is the best value there is, whatever the gold.
        best = yields.high if yields.higher_is_better else yields.low
        own = [best if isinstance(row[0], Unread) else case.value([row]) for row in rows]
        assert found == pytest.approx([case.value(rows), sum(own) / len(own)])
        return
    perfect = [case.perfect(row) if isinstance(row[0], Unread) else row for row in rows]
    expected = [case.value(rows), case.value(perfect)]
    if found is None:
        assert not all(math.isfinite(end) for end in expected) or None in (yields.low, yields.high) or value is not None
    else:
        assert found == pytest.approx(expected)


def sure(rows: list[tuple[float | None, bool]]) -> Batch:
    """Rows of (confidence in the answer, whether it is right); None: unread."""
    answers = [UNREAD if share is None else True for share, _ in rows]
    table = [None if share is None else (1 - share, share) for share, _ in rows]
    return Batch(BooleanType(), answers, [right for _, right in rows], confidence=table)


def test_reliability_worked_by_hand() -> None:
    batch = sure([(0.55, True), (0.6, False), (0.9, True), (1.0, True), (None, True)])
    assert reliability(batch, bins=5) == [
        {"low": 0.4, "high": 0.6, "rows": 2, "confidence": pytest.approx(0.575), "right": 0.5},
        {"low": 0.8, "high": 1.0, "rows": 2, "confidence": pytest.approx(0.95), "right": 1.0},
    ]


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.625, 0.75, 0.875, 1.0]), st.booleans()), min_size=1, max_size=40))
def test_the_gaps_of_the_bins_are_ece(rows: list[tuple[float, bool]]) -> None:
    batch = sure(rows)
    ece = find_metric("ece")
    assert ece is not None
    gaps = sum(one["rows"] * abs(one["confidence"] - one["right"]) for one in reliability(batch)) / len(rows)
    assert gaps == pytest.approx(ece.compute(batch, {"bins": 15}))


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.7, 0.9, None]), st.booleans()), min_size=1, max_size=30))
def test_risk_and_coverage_by_counting(rows: list[tuple[float | None, bool]]) -> None:
    found = risk_coverage(sure(rows))
    read = [(share, right) for share, right in rows if share is not None]
    if not read:
        assert found is None
        return
    levels = sorted({share for share, _ in read}, reverse=True)
    expected, area = [], 0.0
    for level in levels:
        taken = [right for share, right in read if share >= level]
        risk = 1 - sum(taken) / len(taken)
        expected.append([pytest.approx(len(taken) / len(rows)), pytest.approx(risk)])
        area += risk * sum(share == level for share, _ in read)
    assert found == {"area": pytest.approx(area / len(read)), "points": expected}


def test_a_curve_is_kept_short_and_ends_with_all_rows() -> None:
    rng = np.random.default_rng(0)
    found = risk_coverage(sure([(float(share), bool(share > 0.6)) for share in 0.5 + rng.random(1000) / 2]))
    assert len(found["points"]) == 100 and found["points"][-1][0] == 1.0
    assert found["points"][0][1] == 0.0 and found["points"][-1][1] > 0


SPEC = """edition 2026
import std.metrics { accuracy, ece }
enum Verdict { yes  no }
record Row { id : text  question : text  gold : Verdict }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }}" }
task drawn { data = exam.test  prompt = ask  answer Verdict via plain
  decode { temperature = 1  repeats = 4 }  metrics { primary accuracy } }
task sure  { data = exam.test  prompt = ask  answer Verdict via likelihood  metrics { primary accuracy  ece(bins: 4) } }
"""


def test_what_a_report_holds(tmp_path) -> None:
    write_lines(tmp_path / "exam.jsonl", [{"id": str(n), "question": str(n), "gold": "yes"} for n in range(8)])
    # Row n is right in n % 5 of four draws, and unread in the others.
    model = Watched(reply=lambda request: "yes" if request.sample < int(request.plain_prompt) % 5 else "hm")
    metric = run_plan(plan_of(SPEC, "drawn"), tmp_path / "a", model, data=tmp_path)["tasks"]["drawn"]["metrics"][
        "accuracy"
    ]
    right = [n % 5 for n in range(8)]
    assert metric["pass_at"]["2"]["value"] == pytest.approx(np.mean([1 - math.comb(4 - c, 2) / 6 for c in right]))
    assert metric["worst_at"]["4"]["value"] == pytest.approx(np.mean([c == 4 for c in right]))
    assert metric["unread_bounds"] == [pytest.approx(metric["value"]), 1.0]
    task = run_plan(plan_of(SPEC, "sure"), tmp_path / "b", "hash", data=tmp_path)["tasks"]["sure"]
    assert sum(one["rows"] for one in task["reliability"]) == 8 and len(task["reliability"]) <= 4
    assert task["risk_coverage"]["points"][-1] == [1.0, pytest.approx(1 - task["metrics"]["accuracy"]["value"])]
    assert "unread_bounds" not in task["metrics"]["accuracy"]


def test_bounds_do_not_depend_on_what_unread_rows_count_for() -> None:
    score = Score(label="it", metric="accuracy", settings=(), version=1, primary=True)
    batch = Batch(BooleanType(), [True, UNREAD, False, UNREAD], [True, True, True, False])
    assert unread_bounds(score, [batch]) == [0.25, 0.75]
    found = score_task((score,), batch, Interval(), unread_policy="skip").metrics["it"]["value"]
    assert found == 0.5
