"""Within: the share of rows whose number lies within a tolerance of the gold.

    within(absolute: 0.5)      at most 0.5 away
    within(relative: 0.05)     at most 5% of the gold away; a gold of 0 allows nothing but 0
    within(absolute: 1, relative: 0.05)      whichever of the two allows more
    within(lower: least, upper: most)        from one field of the row to another, the ends included

With a bound from the row the gold itself is right too, and whatever `absolute` and `relative` allow around it. Where only
one bound is named, the other side is open; a row in which a named bound is null has none, and only the gold's own
neighbourhood is right there. MedCalc-Bench (Khandekar et al. 2024) publishes such bounds for each of its rows.

A billionth of the larger number is always forgiven, so that 0.3 lies within 0.1 of 0.2 in binary numbers too.
Both numbers have the same unit. An unread row is wrong: in the denominator, never in the numerator.

torchmetrics has nothing of the kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread, mean_of_rows
from medspec.metrics.patterns import Variable
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

N = Variable("N", "number")

_FORGIVEN = 1e-9


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """1.0 where the answer is near enough to the gold, else 0.0. Bounds from the row are not looked at."""
    if isinstance(answer, Unread):
        return 0.0
    allowed = max(settings["absolute"], settings["relative"] * abs(gold)) + _FORGIVEN * max(abs(answer), abs(gold))
    return 1.0 if abs(answer - gold) <= allowed else 0.0


def rows(batch: Batch, settings: Settings) -> np.ndarray:
    """`per_row` of all rows at once."""
    import numpy as np

    answers, golds = batch.numbers()
    allowed = np.maximum(settings["absolute"], settings["relative"] * np.abs(golds))
    allowed += _FORGIVEN * np.maximum(np.abs(answers), np.abs(golds))
    # A comparison with NaN, an unread answer, is false.
    right = np.abs(answers - golds) <= allowed
    lower, upper = batch.field_numbers("lower"), batch.field_numbers("upper")
    if lower is not None or upper is not None:
        forgiven = _FORGIVEN * np.abs(answers)
        above = True if lower is None else answers >= lower - forgiven
        below = True if upper is None else answers <= upper + forgiven
        right |= above & below
    found: np.ndarray = right.astype(np.float64)
    return found


WITHIN = Metric(
    name="within",
    summary="share of rows whose number is within a tolerance of the gold",
    unread="wrong: in the denominator, never in the numerator",
    signature=Signature(pred=N, gold=N, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of_rows(rows),
    per_row=per_row,
    rows=rows,
    settings=(
        Setting(name="absolute", default=0.0, low=0.0, summary="the largest distance, in the unit of the answer"),
        Setting(name="relative", default=0.0, low=0.0, summary="the largest distance as a part of the gold"),
        Setting(name="lower", kind="field", summary="the field of the row that holds the least right answer"),
        Setting(name="upper", kind="field", summary="the field of the row that holds the greatest right answer"),
    ),
)
