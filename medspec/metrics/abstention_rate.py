"""Abstention rate: the share of rows in which the model says that there is no saying.

An unread row is no abstention: it is in the denominator and never in the numerator, so that a model does not look cautious
because it cannot be read. Fewer is better, all else equal; where the gold may abstain, look at `accuracy` instead. A plain
share in 64 bits; torchmetrics has none.

Chow, IEEE Transactions on Information Theory 16 (1970) 41-46, where it is the reject rate.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import Metric, Range, Settings, Signature, mean_of
from medspec.metrics.coverage import ANY
from medspec.types.abstention import ABSTAINED
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the row is abstained, else 0.0."""
    return 1.0 if answer == ABSTAINED else 0.0


ABSTENTION_RATE = Metric(
    name="abstention_rate",
    summary="share of rows in which the model abstains",
    unread="no abstention: in the denominator, never in the numerator",
    signature=Signature(pred=ANY, yields=Range(0.0, 1.0, higher_is_better=False), grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
)
