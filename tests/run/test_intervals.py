"""Intervals: equal to statsmodels and scipy, deterministic, and right about how often they hold the truth."""

from __future__ import annotations

import doctest
import tracemalloc

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from statsmodels.stats.proportion import proportion_confint

from medspec.metrics import find_metric, resample
from medspec.metrics.base import Batch
from medspec.plan.nodes import Interval
from medspec.run import intervals
from medspec.run.intervals import Bounds, bootstrap_means, interval_of, interval_of_mean, wilson
from medspec.types import BooleanType

WILSON = Interval(method="wilson", level=0.95, resamples=1000, seed=7)
BOOTSTRAP = Interval(method="bootstrap", level=0.95, resamples=1000, seed=7)


@given(
    st.integers(1, 10_000).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))), st.floats(0.5, 0.999)
)
def test_wilson_equals_statsmodels(counts: tuple[int, int], level: float) -> None:
    expected = proportion_confint(*counts, alpha=1 - level, method="wilson")
    assert wilson(*counts, level) == pytest.approx(expected, abs=1e-9)


def test_wilson_stays_within_0_and_1() -> None:
    for rows in (1, 2, 7, 1000):
        assert wilson(0, rows, 0.95)[0] == 0.0 and wilson(rows, rows, 0.95)[1] == 1.0
        assert 0 < wilson(0, rows, 0.95)[1] < 1


def test_a_proportion_is_told_from_other_values() -> None:
    share = np.array([1.0, 0.0, 1.0, 1.0])
    assert interval_of_mean(share, WILSON) == Bounds(*wilson(3, 4, 0.95), "wilson")
    assert interval_of_mean(share, BOOTSTRAP).method == "bootstrap"
    assert interval_of_mean(np.array([1.0, 0.5]), WILSON).method == "bootstrap"


def test_no_rows_have_no_interval() -> None:
    assert interval_of_mean(np.array([]), WILSON) is None
    assert interval_of_mean(np.array([]), BOOTSTRAP) is None


def test_the_bootstrap_of_distinct_values_equals_scipys() -> None:
    """With the same generator the rows drawn are the same ones."""
    values = np.random.default_rng(1).normal(size=83)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=1000, confidence_level=0.9, method="percentile", rng=np.random.default_rng(7)
    )
    ours = interval_of_mean(values, Interval(method="bootstrap", level=0.9, resamples=1000, seed=7))
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval), abs=1e-12)
    assert ours.method == "bootstrap"


@pytest.mark.parametrize(
    "values", [np.repeat([0.0, 1.0], [70, 130]), np.repeat([0.0, 0.25, 0.5, 1.0], [20, 40, 60, 80])]
)
def test_the_bootstrap_of_few_values_is_scipys_up_to_chance(values: np.ndarray) -> None:
    many = attrs.evolve(BOOTSTRAP, resamples=20_000)
    theirs = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(5))
    ours = interval_of_mean(values, many)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval), abs=0.006)
    assert bootstrap_means(values, many).std() == pytest.approx(theirs.standard_error, rel=0.03)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for values in (np.random.default_rng(1).normal(size=40), np.repeat([0.0, 1.0], [30, 10])):
        whole = bootstrap_means(values, BOOTSTRAP)
        with monkeypatch.context() as patch:
            patch.setattr(resample, "_NUMBERS_AT_ONCE", 100)
            assert bootstrap_means(values, BOOTSTRAP) == pytest.approx(whole, abs=1e-12)


def test_memory_is_bounded() -> None:
    values = np.random.default_rng(0).normal(size=200_000)
    tracemalloc.start()
    bootstrap_means(values, attrs.evolve(BOOTSTRAP, resamples=60))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # all draws at once would be 192 MB


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=1, max_size=50), st.integers(0, 2**32))
def test_the_seed_decides_and_the_mean_lies_between(values: list[float], seed: int) -> None:
    setting = attrs.evolve(BOOTSTRAP, seed=seed, level=0.99, resamples=200)
    bounds = interval_of_mean(np.array(values), setting)
    assert interval_of_mean(np.array(values), setting) == bounds
    assert min(values) <= bounds.low <= bounds.high <= max(values)


def test_one_row_and_equal_rows_have_no_spread() -> None:
    assert interval_of_mean(np.array([0.25]), BOOTSTRAP) == Bounds(0.25, 0.25, "bootstrap")
    assert interval_of_mean(np.full(9, 0.5), BOOTSTRAP) == Bounds(0.5, 0.5, "bootstrap")


def test_an_interval_of_macro_f1_holds_the_truth_as_often_as_it_says() -> None:
    """Over 200 samples of 150 rows the 90% interval holds the value of the whole population 80 to 98% of the time."""
    metric = find_metric("macro_f1")
    rng = np.random.default_rng(11)
    gold = rng.random(100_000) < 0.4
    answer = np.where(rng.random(100_000) < 0.75, gold, ~gold)
    truth = metric.compute(Batch(BooleanType(), answer.tolist(), gold.tolist()), {})
    setting = Interval(method="bootstrap", level=0.9, resamples=300, seed=1)
    held = 0
    for _ in range(200):
        rows = rng.integers(0, 100_000, 150)
        batch = Batch(BooleanType(), answer[rows].tolist(), gold[rows].tolist())
        bounds = interval_of(metric.resampled(batch, {}), setting)
        held += bounds.low <= truth <= bounds.high
    assert 160 <= held <= 196


def test_the_examples_in_the_docstrings() -> None:
    outcome = doctest.testmod(intervals)
    assert outcome.attempted > 0 and outcome.failed == 0
