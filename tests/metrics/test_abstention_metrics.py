"""Abstained answers: what the three metrics about them count, by hand, and what they are to all other metrics."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import CASES, COLOUR, NAMES, UNREAD, Case

from medspec.metrics import find_metric
from medspec.metrics.abstained import seen_batch
from medspec.metrics.base import Batch
from medspec.plan.nodes import AnswerValue, Interval, Score
from medspec.run.score import score_task
from medspec.types import ABSTAINED, AbstainType, IntegerType

MAY_ABSTAIN = AbstainType(COLOUR)

# Of ten rows: five right, one wrong, one unread, three abstained.
ANSWERS = ["red"] * 5 + ["blue", UNREAD] + [ABSTAINED] * 3
GOLDS = ["red"] * 10


def value(name: str, answers: list[Any], golds: list[Any], gold_type: Any = COLOUR) -> float:
    metric = find_metric(name)
    assert metric is not None
    batch = Batch(MAY_ABSTAIN, answers, golds, gold_type)
    return metric.compute(seen_batch(metric.signature, batch), metric.defaults)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("selective_accuracy", 5 / 7), ("coverage", 6 / 10), ("abstention_rate", 3 / 10), ("accuracy", 5 / 10)],
)
def test_ten_rows_by_hand(name: str, expected: float) -> None:
    assert value(name, ANSWERS, GOLDS) == pytest.approx(expected, abs=1e-15)


def test_nobody_answers() -> None:
    assert math.isnan(value("selective_accuracy", [ABSTAINED] * 2, ["red"] * 2))
    assert value("coverage", [ABSTAINED] * 2, ["red"] * 2) == 0
    assert value("abstention_rate", [ABSTAINED] * 2, ["red"] * 2) == 1


def test_a_gold_that_abstains_by_hand() -> None:
    """Right: one colour and one abstention. Wrong: a colour for an abstention, an abstention for a colour, unread."""
    answers = ["red", ABSTAINED, "red", ABSTAINED, UNREAD]
    golds = ["red", ABSTAINED, ABSTAINED, "red", ABSTAINED]
    assert value("accuracy", answers, golds, MAY_ABSTAIN) == 2 / 5
    assert value("selective_accuracy", answers, golds, MAY_ABSTAIN) == 1 / 3
    # red: 1 hit, 1 miss, 1 false alarm -> 1/2. abstain: 1 hit, 2 misses, 1 false alarm -> 2/5.
    assert value("macro_f1", answers, golds, MAY_ABSTAIN) == pytest.approx((1 / 2 + 2 / 5) / 2, abs=1e-15)


PLAIN = [case for case in CASES if not case.counts_abstentions and "confidence" not in case.metric.signature.needs]


@pytest.mark.parametrize("case", [c for c in PLAIN if "abstain" not in c.kind], ids=lambda case: case.name)
@given(data=st.data())
def test_to_every_other_metric_an_abstained_row_is_as_an_unread_one(case: Case, data: st.DataObject) -> None:
    rows = data.draw(case.rows(most=6))
    whole = case.batch(rows)
    answers = [ABSTAINED if row[0] is UNREAD else row[0] for row in rows]
    abstained = Batch(AbstainType(case.type), answers, whole.golds, case.type, encoders=whole.encoders)
    found = case.metric.compute(seen_batch(case.metric.signature, abstained), case.settings)
    assert found == pytest.approx(case.metric.compute(whole, case.settings), nan_ok=True, abs=0)


@given(st.lists(st.tuples(st.sampled_from((*NAMES, ABSTAINED, UNREAD)), st.sampled_from(NAMES)), min_size=1))
def test_the_three_go_together(rows: list[tuple[Any, Any]]) -> None:
    """Right answers are selective accuracy times the rows that are not abstained; the rest of coverage is unread."""
    answers, golds = [row[0] for row in rows], [row[1] for row in rows]
    rate, covered = value("abstention_rate", answers, golds), value("coverage", answers, golds)
    selective, accuracy = value("selective_accuracy", answers, golds), value("accuracy", answers, golds)
    unread = sum(answer is UNREAD for answer in answers) / len(answers)
    assert covered + rate + unread == pytest.approx(1)
    assert (0 if rate == 1 else selective * (1 - rate)) == pytest.approx(accuracy)


def test_an_abstention_stays_in_the_denominator_where_unread_rows_leave_it() -> None:
    score = Score(label="it", metric="accuracy", settings=(), version=1, primary=True)
    batch = Batch(MAY_ABSTAIN, ANSWERS, GOLDS, COLOUR)
    found = score_task((score,), batch, Interval(), unread_policy="skip").metrics["it"]
    assert (found["rows"], found["value"]) == (9, 5 / 9)


def test_a_mean_takes_the_worst_value_of_an_abstained_row() -> None:
    score = Score(
        label="it", metric="mean", settings=(("better", "lower"),), version=1, primary=True, value=AnswerValue()
    )
    batch = Batch(AbstainType(IntegerType(0, 4)), [1, ABSTAINED], [0, 0], IntegerType(0, 4))
    assert score_task((score,), batch, Interval(), unread_policy="worst").metrics["it"]["value"] == 2.5
