"""Rows that share a source: intervals by cluster, against statsmodels, scipy and plain resampling; tasks drawn together."""

from __future__ import annotations

import doctest
from pathlib import Path

import attrs
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import CASES, Case, invented
from planned_specs import plan_of, rows_of, run_plan, write_lines
from scipy.stats import t

from medspec.metrics.resample import OfKinds, OfSums, draw, mean_of_values, spread_over
from medspec.plan.nodes import Interval
from medspec.run import student
from medspec.run.aggregate import aggregate
from medspec.run.intervals import bootstrap_means, clustered_variance, interval_of_mean, wilson, wilson_of_clusters
from medspec.run.jointly import Clusters, Drawn, replicates
from medspec.run.student import student_quantile

BOOTSTRAP = Interval(method="bootstrap", resamples=2000)
WILSON = Interval()


@given(st.integers(1, 400), st.floats(0.5, 0.9999))
def test_quantiles_of_students_t_equal_scipys(freedom: int, share: float) -> None:
    assert student_quantile(share, freedom) == pytest.approx(t.ppf(share, freedom), rel=1e-5, abs=1e-7)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 0.5]), st.integers(0, 4)), min_size=6, max_size=60))
def test_the_clustered_variance_equals_that_of_statsmodels(rows: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in rows])
    codes = np.unique([code for _, code in rows], return_inverse=True)[1]
    if codes.max() == 0:
        assert np.isnan(clustered_variance(values, codes))
        return
    fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert clustered_variance(values, codes) == pytest.approx(fit.bse[0] ** 2, abs=1e-12)
    robust = sm.OLS(values, np.ones(len(values))).fit(cov_type="HC1").bse[0] ** 2
    assert clustered_variance(values, None) == pytest.approx(robust, abs=1e-12)


def test_a_proportion_by_clusters_worked_by_hand() -> None:
    """Four patients with five rows each; all rows of a patient are alike: they are worth 3 rows, and t makes that fewer."""
    values, codes = np.repeat([1.0, 1.0, 0.0, 1.0], 5), np.repeat([0, 1, 2, 3], 5)
    assert clustered_variance(values, codes) == pytest.approx(0.75 * 0.25 / 3)
    worth = 3 * (1.959964 / 3.182446) ** 2
    assert wilson_of_clusters(values, codes, 0.95).low == pytest.approx(wilson(0.75 * worth, worth, 0.95)[0], abs=1e-5)
    assert interval_of_mean(values, WILSON, clusters=codes) == wilson_of_clusters(values, codes, 0.95)
    alone = interval_of_mean(values, WILSON)
    found = wilson_of_clusters(values, codes, 0.95)
    assert found.low < alone.low < alone.high < found.high


def test_one_cluster_says_nothing_about_the_next() -> None:
    assert wilson_of_clusters(np.array([1.0, 0.0]), np.array([0, 0]), 0.95) is None


def test_all_right_is_worth_one_row_for_each_cluster() -> None:
    found = wilson_of_clusters(np.ones(100), np.arange(100) % 40, 0.95)
    worth = 40 * (1.959964 / t.ppf(0.975, 39)) ** 2
    assert (found.low, found.high) == (pytest.approx(wilson(worth, worth, 0.95)[0], abs=1e-6), 1.0)


def test_intervals_by_cluster_hold_the_truth_as_often_as_they_say() -> None:
    """Rows of a patient are nearly alike: an interval that takes them for independent holds it far too seldom."""
    rng = np.random.default_rng(5)
    held = {"clustered wilson": 0, "clustered bootstrap": 0, "rows": 0}
    codes = np.repeat(np.arange(40), 8)
    for _ in range(300):
        values = (rng.random(320) < np.repeat(rng.beta(1.4, 0.6, 40), 8)).astype(float)
        few = attrs.evolve(BOOTSTRAP, resamples=300)
        bounds = {
            "clustered wilson": interval_of_mean(values, WILSON, clusters=codes),
            "clustered bootstrap": interval_of_mean(values, few, clusters=codes),
            "rows": interval_of_mean(values, WILSON),
        }
        for name, found in bounds.items():
            held[name] += found.low <= 0.7 <= found.high
    assert 0.92 <= held["clustered wilson"] / 300 <= 0.98
    assert 0.90 <= held["clustered bootstrap"] / 300 <= 0.98
    assert held["rows"] / 300 < 0.75


def test_rows_that_are_there_twice_add_nothing() -> None:
    values = np.random.default_rng(0).random(50)
    doubled = bootstrap_means(np.repeat(values, 2), BOOTSTRAP, clusters=np.repeat(np.arange(50), 2))
    assert doubled == pytest.approx(bootstrap_means(values, BOOTSTRAP), abs=1e-12)


DRAWN = list({case.metric.name: case for case in CASES if case.metric.resampled is not None}.values())


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.name)
def test_every_metric_is_drawn_by_cluster_as_plain_resampling_does(case: Case) -> None:
    """Mean and spread of 400 draws of whole clusters, against the metric of the rows of drawn clusters."""
    rng = np.random.default_rng(3)
    rows = invented(case, 48)
    codes = np.sort(rng.integers(0, 12, 48))
    codes = np.unique(codes, return_inverse=True)[1]
    count = int(codes.max()) + 1
    form = case.metric.resampled(case.batch(rows), case.settings)
    quick = draw([form], 400, 1, clusters=codes)[0]
    slow = []
    for _ in range(400):
        places = np.concatenate([np.flatnonzero(codes == one) for one in rng.integers(0, count, count)])
        slow.append(case.metric.compute(case.batch([rows[place] for place in places]), case.settings))
    slow, quick = np.array(slow)[~np.isnan(slow)], quick[~np.isnan(quick)]
    error = max(slow.std(), quick.std(), 1e-9) / np.sqrt(400)
    assert abs(quick.mean() - slow.mean()) < 6 * error
    assert quick.std() == pytest.approx(slow.std(), rel=0.3, abs=1e-9)


def test_what_is_drawn_together_is_the_same_rows() -> None:
    values = np.random.default_rng(2).random(30)
    one, other, sign = draw(
        [mean_of_values(values), mean_of_values(1 - values), mean_of_values(np.sign(values))], 200, 4
    )
    assert one + other == pytest.approx(np.ones(200))
    assert sign == pytest.approx(np.ones(200))


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=4, max_size=40), st.integers(0, 99))
def test_kinds_and_sums_of_the_same_rows_are_the_same_metric(values: list[float], seed: int) -> None:
    rows = np.array(values)
    kinds = OfKinds(rows.astype(np.int64), 2, lambda drawn: drawn[:, 1] / drawn.sum(axis=1))
    sums = OfSums(np.stack([rows, np.ones(len(rows))], axis=1), lambda drawn: drawn[:, 0] / drawn[:, 1])
    codes = np.arange(len(rows)) % 3
    for clusters in (None, codes):
        one, other = draw([kinds, sums], 50, seed, clusters=clusters)
        assert one == pytest.approx(other)


def test_large_tables_are_drawn_in_blocks_with_the_right_spread() -> None:
    rng = np.random.default_rng(0)
    values = rng.random(200_000)
    found = draw([mean_of_values(values)], 200, 3)[0]
    assert found.mean() == pytest.approx(values.mean(), abs=4e-4)
    assert found.std() == pytest.approx(values.std() / np.sqrt(len(values)), rel=0.2)


def test_rows_that_are_not_counted_add_nothing() -> None:
    values = np.random.default_rng(1).random(20)
    places = np.array([3 * place for place in range(20)])
    for form in (mean_of_values(values), OfKinds(np.arange(20) % 2, 2, lambda drawn: drawn[:, 0] / drawn.sum(axis=1))):
        wide = spread_over(form, places, 60)
        everything = np.ones((1, 60))
        if isinstance(wide, OfSums):
            assert wide.value(everything @ wide.rows) == pytest.approx(values.mean())
        else:
            assert (wide.rows >= 0).sum() == 20 and set(wide.rows[wide.rows >= 0]) == {0, 1}


def drawn(values: list[float], rows: str = "a", clusters: Clusters | None = None) -> Drawn:
    return Drawn(rows, clusters, (mean_of_values(np.array(values)),))


def test_clusters_are_drawn_together_across_files() -> None:
    """Two tasks over different rows of the same twenty patients, who are right or wrong as a whole."""
    right = [float(patient % 3 > 0) for patient in range(20)]
    names = tuple(f"patient {number}" for number in range(20))
    turned = tuple(reversed(names))
    one = drawn([value for value in right for _ in range(2)], "a", Clusters("p", names, np.repeat(np.arange(20), 2)))
    other = drawn(right[::-1], "b", Clusters("p", turned, np.arange(20)))
    found = replicates({"one": one, "other": other}, BOOTSTRAP)
    assert found["one"] == pytest.approx(found["other"])
    apart = replicates({"one": one, "other": attrs.evolve(other, clusters=None)}, BOOTSTRAP)
    assert abs(np.corrcoef(apart["one"], apart["other"])[0, 1]) < 0.1


SPEC = """edition 2026
import std.metrics { accuracy }
record Row { id : text  patient : text?  question : text  options : text[2..4]  gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  CLUSTER }
dataset other : Row { source = jsonl("other.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }}" }
task one { data = exam.test  prompt = ask  answer choice of options via likelihood  metrics { primary accuracy } }
task two   = one
task apart { data = other.test  prompt = ask  answer choice of options via likelihood  metrics { primary accuracy } }
suite same  { tasks { one  two }  aggregate it = mean()  INTERVAL }
suite mixed { tasks { one  apart }  aggregate it = mean()  INTERVAL }
"""


def run_suite(suite: str, folder: Path, *, cluster: str = "", interval: str = "") -> dict:
    lines = [
        {"id": str(n), "patient": f"p{n // 4}", "question": str(n * n), "options": ["a", "b"], "gold": 0}
        for n in range(80)
    ]
    write_lines(folder / "exam.jsonl", lines)
    write_lines(folder / "other.jsonl", [{**line, "question": line["question"] + "!"} for line in lines])
    text = SPEC.replace("CLUSTER", cluster).replace("INTERVAL", interval)
    return run_plan(plan_of(text, suite), folder / "run", "hash", data=folder)


@pytest.mark.parametrize("interval", ["", "interval = bootstrap(resamples: 500)"])
def test_two_tasks_over_the_same_rows_are_not_two_samples(tmp_path: Path, interval: str) -> None:
    report = run_suite("same", tmp_path, interval=interval)
    task, it = report["tasks"]["one"]["metrics"]["accuracy"], report["aggregates"]["it"]
    assert report["tasks"]["two"]["metrics"]["accuracy"] == task
    assert (it["low"], it["high"]) == pytest.approx((task["low"], task["high"]), abs=0.02)
    mixed = run_suite("mixed", tmp_path / "mixed", interval=interval)["aggregates"]["it"]
    assert mixed["high"] - mixed["low"] == pytest.approx((task["high"] - task["low"]) / np.sqrt(2), rel=0.15)


def test_a_run_says_by_what_its_rows_are_clustered(tmp_path: Path) -> None:
    alone = run_suite("same", tmp_path / "alone")
    found = run_suite("same", tmp_path / "clustered", cluster="cluster by patient")
    assert alone["tasks"]["one"]["clusters"] is None
    assert found["tasks"]["one"]["clusters"] == {"by": "patient", "count": 20}
    assert found["tasks"]["one"]["metrics"]["accuracy"]["low"] != alone["tasks"]["one"]["metrics"]["accuracy"]["low"]
    assert (
        found["tasks"]["one"]["metrics"]["accuracy"]["value"] == alone["tasks"]["one"]["metrics"]["accuracy"]["value"]
    )
    lines = [line for line in rows_of(tmp_path / "clustered" / "run") if line["task"] == "one"]
    assert [line["cluster"] for line in lines] == [n // 4 for n in range(80)]


def test_what_is_asked_and_how_it_is_scored_do_not_depend_on_the_clusters() -> None:
    plans = [
        plan_of(SPEC.replace("CLUSTER", text).replace("INTERVAL", ""), "same") for text in ("", "cluster by patient")
    ]
    assert plans[0].scans[0].cluster is None and plans[1].scans[0].cluster == "patient"
    assert [(task.call_hash, task.score_hash) for task in plans[0].tasks] == [
        (task.call_hash, task.score_hash) for task in plans[1].tasks
    ]


SUITES = (
    SPEC.replace("CLUSTER", "").replace("INTERVAL", "")
    + """
suite wide   { tasks { one }  aggregate it = mean()  interval = bootstrap(level: 0.99, resamples: 200) }
suite narrow { tasks { one  apart }  aggregate it = mean()  interval = bootstrap(level: 0.5, resamples: 300) }
"""
)


def test_each_of_several_suites_keeps_its_interval() -> None:
    plan = plan_of(SUITES, "wide", "narrow")
    assert plan.interval.level == 0.99
    levels = {entry.name: plan.interval_of(entry).level for entry in (*plan.tasks, *plan.aggregates)}
    assert levels == {"one": 0.99, "apart": 0.5, "wide.it": 0.99, "narrow.it": 0.5}
    assert plan_of(SUITES, "narrow").interval_of(plan_of(SUITES, "narrow").task("apart")).level == 0.5


def test_an_aggregate_without_draws_takes_its_parts_for_independent() -> None:
    plan = plan_of(SPEC.replace("CLUSTER", "").replace("INTERVAL", ""), "same")
    value = {"value": 0.5, "low": 0.4, "high": 0.6, "rows": 10}
    tasks = {name: {"primary": "accuracy", "metrics": {"accuracy": value}} for name in ("one", "two")}
    assert aggregate(plan, tasks)["it"]["low"] == pytest.approx(0.5 - 0.1 / np.sqrt(2))


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(student).failed == 0
