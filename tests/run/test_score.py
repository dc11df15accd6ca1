"""Scores of a task: what the report gets, both policies for unread answers, and nothing that JSON cannot hold."""

from __future__ import annotations

import json
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from statsmodels.stats.proportion import proportion_confint

from medspec.errors import InternalError
from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.plan.nodes import Interval, Score
from medspec.readers.base import Unread
from medspec.run import score as score_module
from medspec.run.score import score_task
from medspec.types import EnumCase, EnumType

UNREAD = Unread("no_case", "?")
NAMES = ("yes", "no", "maybe")
DECISION = EnumType("Decision", tuple(EnumCase(name, name) for name in NAMES))
WILSON = Interval()


def score(metric: str, label: str | None = None) -> Score:
    return Score(label=label or metric, metric=metric, settings=(), version=1, primary=metric == "accuracy")


BOTH = (score("accuracy"), score("macro_f1"))
BATCH = Batch(DECISION, ["yes", UNREAD, "no", "yes", "maybe"], ["yes", "no", "no", "maybe", "maybe"])


def test_unread_rows_count_as_wrong() -> None:
    found = score_task(BOTH, BATCH, WILSON, unread_policy="worst")
    low, high = proportion_confint(3, 5, method="wilson")
    assert found.metrics["accuracy"] == {
        "value": 0.6,
        "low": pytest.approx(low),
        "high": pytest.approx(high),
        "rows": 5,
        "interval": "wilson",
    }
    golds, answers = ["yes", "no", "no", "maybe", "maybe"], ["yes", "unread", "no", "yes", "maybe"]
    expected = f1_score(golds, answers, labels=NAMES, average="macro", zero_division=0)
    assert found.metrics["macro_f1"]["value"] == pytest.approx(expected)
    assert found.metrics["macro_f1"]["interval"] == "bootstrap"
    assert found.per_row["accuracy"].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0]
    assert list(found.per_row) == ["accuracy"]


def test_unread_rows_can_be_skipped() -> None:
    found = score_task(BOTH, BATCH, WILSON, unread_policy="skip")
    low, high = proportion_confint(3, 4, method="wilson")
    assert found.metrics["accuracy"]["value"] == 0.75
    assert (found.metrics["accuracy"]["low"], found.metrics["accuracy"]["high"]) == pytest.approx((low, high))
    assert found.metrics["accuracy"]["rows"] == found.metrics["macro_f1"]["rows"] == 4
    np.testing.assert_array_equal(found.per_row["accuracy"], [1.0, np.nan, 1.0, 0.0, 1.0])


@pytest.mark.parametrize("policy", ["worst", "skip"])
def test_no_rows_have_no_score(policy: str) -> None:
    found = score_task(BOTH, Batch(DECISION, [], []), WILSON, unread_policy=policy)
    empty = {"value": None, "low": None, "high": None, "rows": 0, "interval": None}
    assert found.metrics == {"accuracy": empty, "macro_f1": empty}
    assert found.per_row["accuracy"].shape == (0,)


def test_nothing_read_and_skipped_is_no_score_either() -> None:
    found = score_task(BOTH, Batch(DECISION, [UNREAD, UNREAD], ["yes", "no"]), WILSON, unread_policy="skip")
    assert found.metrics["accuracy"]["value"] is None
    assert found.metrics["accuracy"]["rows"] == 0
    assert np.isnan(found.per_row["accuracy"]).tolist() == [True, True]
    worst = score_task(BOTH, Batch(DECISION, [UNREAD, UNREAD], ["yes", "no"]), WILSON, unread_policy="worst")
    assert (worst.metrics["accuracy"]["value"], worst.metrics["macro_f1"]["value"]) == (0.0, 0.0)


def test_labels_name_the_scores_and_the_order_is_theirs() -> None:
    found = score_task((score("macro_f1", "f1"), score("accuracy", "acc")), BATCH, WILSON, unread_policy="worst")
    assert list(found.metrics) == ["f1", "acc"]
    alone = score_task((score("macro_f1", "f1"),), BATCH, WILSON, unread_policy="worst")
    assert alone.metrics["f1"] == found.metrics["f1"]  # an interval does not depend on what else is scored


def test_the_bootstrap_is_used_where_the_suite_asks_for_it() -> None:
    found = score_task(BOTH, BATCH, Interval(method="bootstrap", resamples=200), unread_policy="worst")
    assert {entry["interval"] for entry in found.metrics.values()} == {"bootstrap"}


@given(
    st.lists(st.tuples(st.sampled_from((*NAMES, UNREAD)), st.sampled_from(NAMES)), max_size=20),
    st.sampled_from(("worst", "skip")),
    st.sampled_from(("wilson", "bootstrap")),
)
def test_what_comes_out_is_json_and_in_order(pairs: list[tuple[Any, str]], policy: str, method: str) -> None:
    batch = Batch(DECISION, [answer for answer, _ in pairs], [gold for _, gold in pairs])
    found = score_task(BOTH, batch, Interval(method=method, resamples=50), unread_policy=policy)
    assert json.loads(json.dumps(found.metrics, allow_nan=False)) == found.metrics
    for entry in found.metrics.values():
        if entry["value"] is not None:
            assert 0 <= entry["low"] <= entry["high"] <= 1
    counted = found.per_row["accuracy"][~np.isnan(found.per_row["accuracy"])]
    assert len(found.per_row["accuracy"]) == len(pairs)
    assert len(counted) == found.metrics["accuracy"]["rows"]
    if len(counted):
        assert counted.mean() == pytest.approx(found.metrics["accuracy"]["value"])


def test_a_value_that_is_not_finite_becomes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = attrs.evolve(find_metric("macro_f1"), compute=lambda batch, settings: float("nan"), resampled=None)
    monkeypatch.setattr(score_module, "find_metric", lambda name: broken)
    found = score_task((score("macro_f1"),), BATCH, WILSON, unread_policy="worst")
    assert found.metrics["macro_f1"] == {"value": None, "low": None, "high": None, "rows": 5, "interval": None}


def test_a_plan_that_asks_for_what_does_not_exist_is_our_fault() -> None:
    with pytest.raises(InternalError, match="'acuracy'"):
        score_task((score("acuracy"),), BATCH, WILSON, unread_policy="worst")
    with pytest.raises(InternalError, match="'ignore'"):
        score_task(BOTH, BATCH, WILSON, unread_policy="ignore")
