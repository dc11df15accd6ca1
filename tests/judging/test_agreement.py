"""Agreement against scikit-learn, statsmodels' formulas in the literature, published examples, and simulations."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, f1_score, precision_score, recall_score

from medspec.cli.judge import COMMAND
from medspec.plan.nodes import Interval
from medspec.run.agreement.chance import accuracy, cohen_kappa, f1, gwet_ac1, macro_f1, precision, recall, specificity
from medspec.run.agreement.page import Compared, agreement, agreement_text
from medspec.run.agreement.raters import Ratings
from medspec.run.agreement.rates import predicted, rogan_gladen
from medspec.run.agreement.table import Table

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=60)


@given(labels)
@settings(max_examples=60, deadline=None)
def test_the_statistics_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    said, gold = [one for one, _ in pairs], [other for _, other in pairs]
    table = Table.of(said, gold, classes=range(4))
    assert table.value(accuracy) == pytest.approx(accuracy_score(gold, said))
    if len({*said, *gold}) > 1:
        for weights in (None, "linear", "quadratic"):
            expected = cohen_kappa_score(gold, said, weights=weights, labels=range(4))
            assert table.value(cohen_kappa(weights)) == pytest.approx(expected, abs=1e-12)
    occur = sorted({*said, *gold})
    assert table.value(macro_f1) == pytest.approx(f1_score(gold, said, labels=occur, average="macro", zero_division=0))
    if 2 in gold and 2 in said:
        chosen = {"labels": [2], "average": "macro", "zero_division": 0}
        assert table.value(precision(2)) == pytest.approx(precision_score(gold, said, **chosen))
        assert table.value(recall(2)) == pytest.approx(recall_score(gold, said, **chosen))
        assert table.value(f1(2)) == pytest.approx(f1_score(gold, said, **chosen))


def test_krippendorff_computes_his_own_example() -> None:
    """Krippendorff (2011), section D: four observers, twelve units, gaps."""
    raters = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    ratings = Ratings.of(list(zip(*raters, strict=True)))
    found = [ratings.alpha(level) for level in ("nominal", "ordinal", "interval")]
    assert [round(value, 3) for value in found if value is not None] == [0.743, 0.815, 0.849]


def test_gwet_where_kappa_falls() -> None:
    """Gwet (2008), table 1: 118 + 5 + 2 + 0 of 125, kappa below 0, AC1 near the raw agreement.

    By hand: po = 118/125; pi of the first class = (123 + 120) / 250 = 0.972; e = 2 * 0.972 * 0.028 = 0.054432.
    """
    table = Table.from_counts([[118, 5], [2, 0]], ["a", "b"])
    po, e = 118 / 125, 2 * 0.972 * 0.028
    assert table.value(gwet_ac1) == pytest.approx((po - e) / (1 - e))
    kappa = table.value(cohen_kappa())
    assert kappa is not None and kappa < 0


def test_the_published_judge_of_mlb_has_one_table() -> None:
    """Accuracy 92.13, F1 94.37 and kappa 81.3 fix TP, TN and the errors; how these are shared stays open within rounding."""
    fitting = range(788)
    tp, errors, tn = 6596, 787, 2617
    counts = np.array([[[tn, fp, 0], [errors - fp, tp, 0]] for fp in fitting], dtype=float)
    assert tp + errors + tn == 10_000
    assert np.round(accuracy(counts) * 100, 2).tolist() == [92.13] * 788
    assert np.round(f1(1)(counts) * 100, 2).tolist() == [94.37] * 788
    kappas = np.round(cohen_kappa()(counts) * 100, 1)
    inside = [fp for fp, kappa in zip(fitting, kappas, strict=True) if kappa == 81.3]
    middle = inside[len(inside) // 2]
    assert inside == list(range(inside[0], inside[-1] + 1)) and abs(middle - errors / 2) < 1
    one = counts[middle]
    assert recall(1)(one) == pytest.approx(0.94, abs=0.005)
    assert specificity(1)(one) == pytest.approx(0.87, abs=0.005)
    assert gwet_ac1(one) == pytest.approx(0.86, abs=0.005)


def test_an_unread_verdict_agrees_with_nothing() -> None:
    table = Table.of([None, "yes"], ["yes", "yes"], classes=["no", "yes"])
    assert table.value(accuracy) == 0.5
    assert table.value(recall(1)) == 0.5
    wide = Table.of([None, 4], [1, 4], classes=range(5))
    far = Table.of([0, 4], [4, 4], classes=range(5))
    assert wide.value(cohen_kappa("quadratic")) is not None and far.value(cohen_kappa("quadratic")) is not None


def test_clusters_widen_the_interval() -> None:
    said, gold = [1, 0] * 60, [1] * 120
    rows = Table.of(said, gold, classes=[0, 1])
    groups = Table.of([1] * 60 + [0] * 60, gold, classes=[0, 1], clusters=[n // 20 for n in range(120)])
    interval = Interval(method="bootstrap")
    low, high = rows.interval(accuracy, interval)
    wide_low, wide_high = groups.interval(accuracy, interval)
    assert None not in (low, high, wide_low, wide_high)
    assert wide_high - wide_low > 1.5 * (high - low)  # type: ignore[operator]


def test_rogan_gladen_takes_back_what_the_judge_adds() -> None:
    """True rate 0.4 through se 0.9, sp 0.8 is 0.9 * 0.4 + 0.2 * 0.6 = 0.48."""
    rate = rogan_gladen(480, 1000, hits=90, positives=100, passes=80, negatives=100, level=0.95)
    assert rate is not None and rate.value == pytest.approx(0.4) and not rate.clipped
    spread = 0.48 * 0.52 / 1000 + 0.4**2 * 0.9 * 0.1 / 100 + 0.6**2 * 0.8 * 0.2 / 100
    assert rate.high - rate.low == pytest.approx(2 * 1.959964 * math.sqrt(spread) / 0.7, rel=1e-6)
    assert rogan_gladen(5, 10, hits=5, positives=10, passes=5, negatives=10, level=0.95) is None
    low = rogan_gladen(10, 1000, hits=90, positives=100, passes=80, negatives=100, level=0.95)
    assert low is not None and (low.value, low.clipped) == (0.0, True)


def test_predictions_widen_nothing_and_move_nothing() -> None:
    """Over many samples the truth is inside about as often as it should be, and a useless judge gets no weight."""
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(300):
        truth = rng.random(2000) < 0.4
        said = np.where(truth, rng.random(2000) < 0.9, rng.random(2000) < 0.3)
        rate = predicted(
            truth[:200].astype(float).tolist(),
            said[:200].astype(float).tolist(),
            said[200:].astype(float).tolist(),
            level=0.95,
        )
        assert rate is not None
        inside += rate.low <= 0.4 <= rate.high
    assert 0.91 < inside / 300 < 0.985
    useless = predicted([0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0] * 50, level=0.95)
    assert useless is not None and useless.weight == 0.0 and useless.value == 0.5


def test_the_page(golden) -> None:
    said = ["yes"] * 66 + ["no"] * 4 + ["no"] * 26 + ["yes"] * 3 + [None]
    gold = ["yes"] * 70 + ["no"] * 30
    second = ["yes"] * 69 + ["no"] * 31
    found = agreement(
        Compared(said=said, gold=gold, second=second, alone=["yes"] * 60 + ["no"] * 40, positive="yes"),
        Interval(method="bootstrap"),
    )
    golden(Path(__file__).parent / "golden" / "agreement.txt", agreement_text(found) + "\n")


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps({"id": 1, "judge": "yes", "person": "yes"}) + "\n")
    result = CliRunner().invoke(COMMAND, ["agreement", str(file), "--gold", "persn"])
    assert "there is no column `persn`" in str(result.exception)
    result = CliRunner().invoke(
        COMMAND, ["agreement", str(file), "--gold", "person", "--said", "judge", "--positive", "x"]
    )
    assert "`--positive x` is no label" in str(result.exception)
    for written in ("yes", "true"):
        arguments = ["agreement", str(file), "--gold", "person", "--said", "judge", "--positive", written]
        result = CliRunner().invoke(COMMAND, [*arguments, "--format", "json"])
        assert json.loads(result.output)["statistics"]["recall"]["value"] == 1.0
    result = CliRunner().invoke(
        COMMAND, ["agreement", str(file), "--gold", "person", "--said", "judge", "--format", "json"]
    )
    assert json.loads(result.output)["statistics"]["accuracy"]["value"] == 1.0
