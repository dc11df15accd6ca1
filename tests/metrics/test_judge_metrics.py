"""Metrics of what judges say, against scikit-learn, and against HealthBench's scoring as it is published."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COLOUR, NAMES, UNREAD

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.types import BooleanType, Type


def value(name: str, answers: list[Any], type_: Type, **settings: Any) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, [None] * len(answers)), {**metric.defaults, **settings})


criteria = st.lists(st.tuples(st.booleans(), st.sampled_from((-8.0, -3.0, 1.0, 5.0, 10.0))), min_size=1, max_size=6)
"""Of one row: whether each criterion is met, and its points."""


def calculate_score(rubric: list[tuple[bool, float]]) -> float | None:
    """A row as HealthBench scores it: `calculate_score` of its published evaluation (simple-evals, commit ee3b0318)."""
    total_possible_points = sum(points for _, points in rubric if points > 0)
    if total_possible_points == 0:
        return None
    return sum(points for met, points in rubric if met) / total_possible_points


@given(st.lists(criteria, min_size=1, max_size=8))
def test_rubric_points_are_those_of_healthbench(rows: list[list[tuple[bool, float]]]) -> None:
    """Its set score is the mean over rows, clipped; a row without a positive criterion has none."""
    scores = [score for score in map(calculate_score, rows) if score is not None]
    found = value("rubric_points", [tuple(row) for row in rows], BooleanType())
    if not scores:
        assert np.isnan(found)
        return
    assert found == pytest.approx(float(np.clip(np.mean(scores), 0, 1)), abs=1e-12)


@given(st.lists(st.lists(st.booleans(), max_size=6), min_size=1, max_size=8))
def test_key_point_recall_is_the_recall_of_all_points(rows: list[list[bool]]) -> None:
    from sklearn.metrics import recall_score

    met = [one for row in rows for one in row]
    found = value("key_point_recall", [tuple((one, 1.0) for one in row) for row in rows], BooleanType())
    # A key point is a positive; that it is met is that it is found.
    assert found == pytest.approx(recall_score([True] * len(met), met) if met else 1.0, abs=1e-12)


@given(st.lists(st.sampled_from((*NAMES, UNREAD)), min_size=1, max_size=20))
def test_shares_and_wins_are_those_of_a_count(verdicts: list[Any]) -> None:
    from sklearn.metrics import accuracy_score

    said = ["unread" if one is UNREAD else one for one in verdicts]
    red, amber = (accuracy_score([name] * len(said), said) for name in ("red", "amber"))
    case = find_metric("share").settings[0].name  # type: ignore[union-attr]
    assert value("share", verdicts, COLOUR, **{case: "red"}) == pytest.approx(red, abs=1e-12)
    assert value("win_rate", verdicts, COLOUR, winner="red", tie="amber") == pytest.approx(red + amber / 2, abs=1e-12)
