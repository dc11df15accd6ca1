"""Share: how many rows are of one case: `share(grade(question, answer), positive: correct)`.

An unread row counts as another case: in the denominator, never in the numerator.

A plain share in 64 bits; torchmetrics counts two columns, and here is one.

Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, third edition, 2003.
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.positives import POSITIVE, C
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the answer is the positive case, else 0.0. A mean of yes and no keeps its share."""
    if isinstance(answer, Unread):
        return 0.0
    if isinstance(settings["positive"], bool):
        return float(answer) if settings["positive"] else 1.0 - float(answer)
    return 1.0 if answer == settings["positive"] else 0.0


SHARE = Metric(
    name="share",
    summary="share of rows that are of one case",
    unread="another case: in the denominator, never in the numerator",
    signature=Signature(value=C, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(POSITIVE,),
)
