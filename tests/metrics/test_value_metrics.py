"""`mean`, `rate` and `worst`: one value per row, with a direction."""

from __future__ import annotations

from collections import Counter

import pytest
from metric_cases import UNREAD

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.resample import draw
from medspec.types import BooleanType, IntegerType, ScoreType

MEAN, RATE, WORST = find_metric("mean"), find_metric("rate"), find_metric("worst")
assert MEAN is not None and RATE is not None and WORST is not None

RATINGS = Batch(ScoreType(0, 4), [4, 2, 1, UNREAD], [None] * 4)


@pytest.mark.parametrize(("better", "mean", "worst"), [("higher", 7 / 4, 0), ("lower", 11 / 4, 4)])
def test_an_unread_row_counts_as_the_worst_rating(better: str, mean: float, worst: float) -> None:
    assert MEAN.compute(RATINGS, {"better": better}) == mean
    assert WORST.compute(RATINGS, {"better": better}) == worst


def test_the_worst_of_what_is_read() -> None:
    read = Batch(ScoreType(0, 4), [4, 2, 1], [None] * 3)
    assert [WORST.compute(read, {"better": better}) for better in ("higher", "lower")] == [1, 4]


def test_rate_by_hand() -> None:
    batch = Batch(BooleanType(), [True, False, True, UNREAD], [None] * 4)
    assert [RATE.compute(batch, {"better": better}) for better in ("higher", "lower")] == [0.5, 0.75]
    assert [MEAN.compute(batch, {"better": better}) for better in ("higher", "lower")] == [0.5, 0.75]


def test_the_range_is_that_of_the_type() -> None:
    found = MEAN.signature.range_for({"value": ScoreType(1, 5)}, {"better": "lower"})
    assert (found.low, found.high, found.higher_is_better) == (1, 5, False)
    open_ended = MEAN.signature.range_for({"value": IntegerType()}, {"better": "higher"})
    assert (open_ended.low, open_ended.high) == (None, None)


def test_replicates_of_the_worst_are_distributed_as_the_least_of_drawn_rows() -> None:
    """P(least place of 5 draws from 5 rows >= k) = (1 - k/5)^5."""
    batch = Batch(IntegerType(0, 9), [3, 1, 4, 0, 2], [None] * 5)
    assert WORST.resampled is not None
    drawn = draw([WORST.resampled(batch, {"better": "higher"})], 20_000, 0)[0]
    counts = Counter(drawn.tolist())
    for least in range(5):
        expected = (1 - least / 5) ** 5 - (1 - (least + 1) / 5) ** 5
        assert counts[float(least)] / 20_000 == pytest.approx(expected, abs=0.012)
    turned = draw([WORST.resampled(batch, {"better": "lower"})], 100, 0)[0]
    assert turned.max() == 4.0 and turned.min() >= 0.0
