"""AUROC, ECE and Brier: worked by hand, and equal to scikit-learn's and torchmetrics' on invented batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import COLOUR, NAMES, UNREAD
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.readers import find_reader
from medspec.types import BooleanType, ChoiceType, Type

Shares = tuple[float, ...] | None


def value(
    name: str, type_: Type, confidence: list[Shares], golds: list[Any], answers: list[Any], **settings: Any
) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds, confidence=confidence), {**metric.defaults, **settings})


def of_bool(name: str, sure: list[float | None], golds: list[bool], **settings: Any) -> float:
    """Confidence that the answer is yes; the answer is what is likelier."""
    shares = [None if p is None else (1 - p, p) for p in sure]
    answers = [UNREAD if p is None else p > 0.5 for p in sure]
    return value(name, BooleanType(), shares, golds, answers, **settings)


def test_auroc_by_hand() -> None:
    """Pairs of (positive, other): 0.9 beats both, 0.4 loses to 0.6 and ties with 0.4: 2 + 0 + 1/2 of 4."""
    assert of_bool("auroc", [0.9, 0.4, 0.6, 0.4], [True, True, False, False], positive=True) == 2.5 / 4
    assert of_bool("auroc", [0.9, 0.4, 0.6, 0.4], [True, True, False, False], positive=False) == 2.5 / 4


def test_auroc_of_unread_rows() -> None:
    """An unread positive row loses both its pairs, an unread other row both of its."""
    assert of_bool("auroc", [0.9, None, 0.6, 0.4], [True, True, False, False], positive=True) == 2 / 4
    assert of_bool("auroc", [0.9, 0.5, 0.4, None], [True, True, False, False], positive=True) == 2 / 4
    assert of_bool("auroc", [None, None], [True, False], positive=True) == 0.0


def test_auroc_of_one_class_has_no_value() -> None:
    assert math.isnan(of_bool("auroc", [0.9, 0.2], [True, True], positive=True))


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=40))
def test_scikit_learn_agrees_on_auroc(rows: list[tuple[int, bool]]) -> None:
    sure, golds = [row[0] / 20 for row in rows], [row[1] for row in rows]
    if len(set(golds)) == 2:
        found = of_bool("auroc", sure, golds, positive=True)
        assert found == pytest.approx(roc_auc_score(golds, sure), abs=1e-12)


def test_torchmetrics_agrees_on_auroc_of_one_class_of_several() -> None:
    import torch
    from torchmetrics.functional.classification import binary_auroc

    rng = np.random.default_rng(2)
    table = rng.dirichlet([1, 1, 1, 1], 200)
    golds = [NAMES[place] for place in rng.integers(0, 4, 200)]
    answers = [NAMES[place] for place in table.argmax(axis=1)]
    found = value("auroc", COLOUR, [tuple(row) for row in table], golds, answers, positive="green")
    truth = torch.tensor([gold == "green" for gold in golds]).int()
    assert found == pytest.approx(binary_auroc(torch.from_numpy(table[:, 2]), truth).item(), abs=1e-6)


def test_ece_by_hand() -> None:
    """Two bins. First: none. Second: 0.9 right, 0.7 wrong, 0.8 right: mean 0.8 against 2/3. One unread: gap 1 by itself."""
    sure: list[float | None] = [0.9, 0.7, 0.8, None]
    found = of_bool("ece", sure, [True, False, True, True], bins=2)
    assert found == pytest.approx((3 * abs(0.8 - 2 / 3) + 1) / 4, abs=1e-12)


def test_an_edge_belongs_to_the_bin_below() -> None:
    """0.75 is in (0.5, 0.75] of four bins with 0.6, and 1 with 0.9 in the last: gaps 0.325 and 0.95 of two rows each."""
    found = of_bool("ece", [0.75, 0.6, 1.0, 0.9], [True, True, False, False], bins=4)
    assert found == pytest.approx((2 * 0.325 + 2 * 0.95) / 4, abs=1e-12)


@given(st.lists(st.tuples(st.integers(501, 989), st.booleans()), min_size=1, max_size=40))
def test_torchmetrics_and_scikit_learn_agree_on_ece(rows: list[tuple[int, bool]]) -> None:
    """On confidences that are on no edge of a bin (n/1000 + 1/3000)."""
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    sure, golds = [row[0] / 1000 + 1 / 3000 for row in rows], [row[1] for row in rows]
    found = of_bool("ece", list(sure), golds, bins=10)
    table = torch.tensor([[1 - p, p] for p in sure])
    theirs = multiclass_calibration_error(table, torch.tensor(golds).int(), num_classes=2, n_bins=10, norm="l1")
    assert found == pytest.approx(theirs.item(), abs=1e-5)
    share, mean = calibration_curve(golds, sure, n_bins=10)
    counts = [count for count in np.histogram(sure, bins=10, range=(0, 1))[0] if count]
    expected = np.abs(share - mean) @ counts / len(sure)
    assert found == pytest.approx(expected, abs=1e-9)


def test_brier_by_hand() -> None:
    """(0.2-1)^2 + 0.8^2 = 1.28; (0.9-1)^2 + 0.1^2 = 0.02; unread 2."""
    assert of_bool("brier", [0.2, 0.1, None], [True, False, True]) == pytest.approx((1.28 + 0.02 + 2) / 3, abs=1e-12)


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any), st.sampled_from(NAMES)),
        min_size=4,
        max_size=20,
    )
)
def test_scikit_learn_agrees_on_brier(rows: list[tuple[list[int], str]]) -> None:
    table = np.array([np.array(row) / sum(row) for row, _ in rows])
    golds = [gold for _, gold in rows]
    answers = [NAMES[place] for place in table.argmax(axis=1)]
    found = value("brier", COLOUR, [tuple(row) for row in table], golds, answers)
    order = [NAMES.index(name) for name in sorted(NAMES)]
    expected = brier_score_loss(golds, table[:, order], labels=sorted(NAMES), scale_by_half=False)
    assert found == pytest.approx(expected, abs=1e-12)


def test_rows_with_different_numbers_of_options() -> None:
    """Options of a row that another row does not have count nothing: 0.25 + 0.25, and 0.04 + 0.04."""
    shares: list[Shares] = [(0.5, 0.5), (0.2, 0.0, 0.8)]
    assert value("brier", ChoiceType("options"), shares, [0, 2], [0, 2]) == pytest.approx((0.5 + 0.08) / 2, abs=1e-12)


def test_confidence_is_the_softmax_of_the_scores_as_they_are_compared() -> None:
    reader = find_reader("likelihood")
    assert reader is not None and reader.confidence is not None
    settings = {"score": "text", "before": " ", "normalise": "none"}
    row = {"options": ["Gout", "Septic arthritis"]}
    scores = (math.log(0.06), math.log(0.02))
    assert reader.confidence(scores, ChoiceType("options"), row, settings) == pytest.approx((0.75, 0.25))
    assert reader.confidence((0.0, math.log(3)), BooleanType(), {}, settings) == pytest.approx((0.75, 0.25)), (
        "yes is first"
    )
    by_length = {**settings, "normalise": "characters"}
    expected = np.exp([-6 / 4, -16 / 16]) / np.exp([-6 / 4, -16 / 16]).sum()
    assert reader.confidence((-6.0, -16.0), ChoiceType("options"), row, by_length) == pytest.approx(tuple(expected))
    assert reader.confidence((-1e9, -math.inf), ChoiceType("options"), row, settings) == (1.0, 0.0)
