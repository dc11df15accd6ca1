"""What `mean`, `worst` and `rate` share: one number per row, with a direction.

The number is the answer, or a field of it, or what a judge says of it. An unread row counts as the worst number its type
allows: the lowest, or with `better: lower` the highest. So the type needs two known ends, or the task `unread = skip`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medspec.metrics.base import Batch, Range, Setting, Settings, Unread, ends_of
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

BETTER = Setting(
    name="better", default="higher", choices=("higher", "lower"), summary="which end of the range is the good one"
)

UNREAD = "the worst number of its type: the lowest, or with `better: lower` the highest"


def worth(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """The number of one row; NaN for an unread one where that end of the range is open."""
    if not isinstance(answer, Unread):
        return float(answer)
    worst = Range(*ends_of(type_), settings["better"] == "higher").worst
    return float("nan") if worst is None else worst


def worths(batch: Batch, settings: Settings) -> np.ndarray:
    """`worth` of all rows at once."""
    import numpy as np

    worst = worth(Unread("", ""), None, batch.type, settings)
    return np.array([worst if type(answer) is Unread else answer for answer in batch.answers], np.float64)


def worst_of(given: Mapping[str, Type]) -> str | None:
    """What the type lacks for an unread row to have a value."""
    return "a range with two ends" if None in ends_of(given["value"]) else None
