"""What is true of every metric: its range, its best value, the order of rows, rows against the whole, unread rows,
replicates."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import CASES, UNREAD, Case, invented

from medspec.cli.metrics import page_of
from medspec.metrics import METRICS, find_metric
from medspec.metrics.base import Metric, Range
from medspec.metrics.resample import draw
from medspec.plan.nodes import AnswerValue, Interval, Score
from medspec.run.score import score_task

ALL = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
SOME = settings(max_examples=max(6, settings.default.max_examples // 10))
"""There are several hundred pairs of a law and a case, so each has few examples here and many in the thorough profile."""

NOT_BY_ROW = {
    "kappa": "what chance gives grows with every right row, by more than the row adds where agreement is below chance",
    "quadratic_kappa": "as kappa",
    "matthews": "as kappa",
}
"""Metrics in which a further right row can lower the value, and why."""

EMPTY = {"auroc", "box_map", "selective_accuracy"}
"""Metrics that some batches have no value for."""


@ALL
@SOME
@given(data=st.data())
def test_a_value_lies_in_its_range_and_the_best_answers_are_best(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows())
    reach, value = case.yields, case.value(rows)
    assert isinstance(value, float)
    if math.isnan(value):
        assert case.metric.name in EMPTY
        return
    assert math.isfinite(value)
    assert (reach.low is None or value >= reach.low) and (reach.high is None or value <= reach.high)
    best = case.value([case.perfect(row) for row in rows])
    assert best == pytest.approx(reach.high if reach.higher_is_better else reach.low, abs=1e-12)


@ALL
@SOME
@given(data=st.data())
def test_the_order_of_rows_does_not_matter(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows())
    shuffled = data.draw(st.permutations(rows))
    assert case.value(shuffled) == pytest.approx(case.value(rows), abs=1e-12, nan_ok=True)


@ALL
@SOME
@given(data=st.data())
def test_rows_average_to_the_whole(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows())
    batch = case.batch(rows)
    found = case.metric.row_values(batch, case.settings)
    if case.metric.signature.grain == "whole set":
        assert found is None
        return
    assert found is not None and found.dtype == np.float64 and found.shape == (len(rows),)
    assert found.mean() == pytest.approx(case.value(rows), abs=1e-12)
    if case.metric.per_row is not None:
        pairs = zip(batch.answers, batch.golds, strict=True)
        alone = [case.metric.per_row(answer, gold, case.type, case.settings) for answer, gold in pairs]
        assert found.tolist() == pytest.approx(alone, abs=1e-12)


@ALL
@SOME
@given(data=st.data())
def test_a_row_that_is_read_right_never_lowers_the_value(case: Case, data: st.DataObject) -> None:
    """An unread row is the worst there is: to read it as its gold is better, or as good."""
    if case.metric.name in NOT_BY_ROW:
        return
    rows = data.draw(case.rows())
    sign = 1 if case.yields.higher_is_better else -1
    before = case.value(rows)
    after = case.value([case.perfect(row) if row[0] is UNREAD else row for row in rows])
    assert math.isnan(before) == math.isnan(after)
    assert math.isnan(before) or sign * after >= sign * before - 1e-12


@ALL
@SOME
@given(data=st.data())
def test_one_more_unread_row_never_helps(case: Case, data: st.DataObject) -> None:
    """Nothing is gained by an unreadable reply where an answer was right."""
    if case.metric.name in NOT_BY_ROW:
        return
    rows = data.draw(case.rows())
    place = data.draw(st.integers(0, len(rows) - 1))
    right, unread = list(rows), list(rows)
    right[place] = case.perfect(rows[place])
    unread[place] = (UNREAD, rows[place][1], None)
    sign = 1 if case.yields.higher_is_better else -1
    first, second = case.value(unread), case.value(right)
    assert math.isnan(first) or sign * first <= sign * second + 1e-12


@ALL
@SOME
@given(data=st.data())
def test_both_policies_for_unread_rows(case: Case, data: st.DataObject) -> None:
    """`worst` counts every row, `skip` is the value over the rows that are read."""
    rows = data.draw(case.rows())
    read = [row for row in rows if row[0] is not UNREAD]
    value = AnswerValue() if case.metric.signature.value is not None else None
    score = Score(
        label="it", metric=case.metric.name, settings=tuple(case.settings.items()), version=1, primary=True, value=value
    )
    interval = Interval(method="bootstrap", resamples=5)
    for policy, counted in (("worst", rows), ("skip", read)):
        found = score_task((score,), case.batch(rows), interval, unread_policy=policy).metrics["it"]
        expected = case.value(counted) if counted else math.nan
        assert found["rows"] == len(counted)
        if math.isnan(expected):
            assert found["value"] is None
        else:
            assert found["value"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_what_a_member_states(metric: Metric) -> None:
    assert find_metric(metric.name) is metric
    signature = metric.signature
    assert signature.grain in ("per row", "whole set")
    assert ((metric.per_row or metric.rows) is not None) == (signature.grain == "per row")
    assert signature.grain == "per row" or metric.resampled is not None
    assert (signature.value is None) != (signature.pred is None and signature.gold is None)
    assert metric.summary and metric.unread
    assert any(case.metric is metric for case in CASES)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_page_of_a_member_says_what_becomes_of_unread_rows(metric: Metric) -> None:
    from importlib import import_module

    page = import_module(f"medspec.metrics.{metric.name}").__doc__ or ""
    assert re.search(r"\bunread row", page, re.IGNORECASE), metric.name
    assert re.search(r"torchmetrics", page) or metric.name in (
        "accuracy",
        "macro_f1",
        "rate",
        "worst",
        "iou_at",
        "box_iou",
    )


def test_names_are_unique_and_others_are_not_found() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert find_metric("acuracy") is None


def test_ranges_are_spelled_as_people_read_them() -> None:
    assert [Range(0, 1).spelled, Range(0, 1, False).spelled] == ["fraction", "fraction, lower"]
    assert [Range(-1, 1).spelled, Range(0.0, None, False).spelled] == ["number(-1..1)", "number(0..), lower"]
    assert [Range(0, 4).worst, Range(0, 4, False).worst, Range(None, 4).worst] == [0, 4, None]


REPLICATED = {case.name: case for case in CASES if case.metric.resampled is not None and case.metric.name != "worst"}
"""The distribution of `worst` is known and has a test of its own."""


@pytest.mark.parametrize("case", REPLICATED.values(), ids=REPLICATED.keys())
def test_replicates_are_values_of_resampled_batches(case: Case) -> None:
    """Same mean and spread as resampling rows one batch at a time, which is what they stand for."""
    rows = invented(case, 40)
    batch = case.batch(rows)
    assert case.metric.resampled is not None
    quick = draw([case.metric.resampled(batch, case.settings)], 3000, 1)[0]
    rng = np.random.default_rng(3)
    slow = np.array([case.value([rows[place] for place in rng.integers(0, 40, 40)]) for _ in range(100)])
    assert quick.shape == (3000,) and quick.dtype == np.float64
    assert np.isnan(quick).mean() == pytest.approx(np.isnan(slow).mean(), abs=0.1)
    quick, slow = quick[~np.isnan(quick)], slow[~np.isnan(slow)]
    spread = max(float(np.std(quick)), 1e-9)
    assert abs(quick.mean() - slow.mean()) < 5 * spread / np.sqrt(100) + 1e-9
    assert np.std(slow) == pytest.approx(spread, rel=0.4, abs=1e-9)
    again = draw([case.metric.resampled(batch, case.settings)], 3000, 1)[0]
    assert (again[~np.isnan(again)] == quick).all()


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_page_of_a_member_names_a_source_of_its_formula(metric: Metric) -> None:
    """A publication, with its year."""
    assert re.search(r"\b(19|20)[0-9]{2}\b", page_of(metric)), metric.name
