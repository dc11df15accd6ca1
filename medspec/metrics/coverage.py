"""Coverage: the share of rows that are answered.

An abstained row is not answered, and neither is an unread row: both are in the denominator, never in the numerator. Of the
answers themselves it says nothing; `selective_accuracy` does. A plain share in 64 bits; torchmetrics has none.

El-Yaniv and Wiener, Journal of Machine Learning Research 11 (2010) 1605-1641.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import AbstainOf, Variable
from medspec.types.abstention import ABSTAINED
from medspec.types.base import Type

ANY = AbstainOf(Variable("T", "any"))


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the row is answered, else 0.0."""
    return 0.0 if isinstance(answer, Unread) or answer == ABSTAINED else 1.0


COVERAGE = Metric(
    name="coverage",
    summary="share of rows that are answered, neither abstained nor unread",
    unread="not answered: in the denominator, never in the numerator",
    signature=Signature(pred=ANY, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
)
