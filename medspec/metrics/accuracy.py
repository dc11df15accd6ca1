"""Accuracy: the share of rows whose answer equals the gold.

Texts, measurements and boxes are not equal or unequal just so: `exact_match`, `within` and `iou_at` say how they are
compared. An unread row is wrong: it is in the denominator and never in the numerator.

Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, section 8.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.patterns import Variable
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

T = Variable("T", "equal")


def compute(batch: Batch, settings: Settings) -> float:
    """The accuracy over all rows; there must be at least one."""
    import numpy as np

    # Counted here: torchmetrics counts the same, and importing it takes longer than most runs.
    predicted, gold, _ = batch.codes
    return float(np.count_nonzero(predicted == gold) / len(gold))


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the answer equals the gold, else 0.0."""
    return 1.0 if not isinstance(answer, Unread) and answer == gold else 0.0


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """`per_row` of all rows at once."""
    import numpy as np

    predicted, gold, _ = batch.codes
    found: np.ndarray = (predicted == gold).astype(np.float64)
    return found


ACCURACY = Metric(
    name="accuracy",
    summary="share of rows whose answer equals the gold",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=T, gold=T, yields=FRACTION, grain="per row", empty=None),
    compute=compute,
    per_row=per_row,
    rows=rows,
)
