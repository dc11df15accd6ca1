"""What precision, recall, F1 and AUROC share: one case of the answer's type is the positive one, every other is not.

An unread row counts as the wrong answer: a positive gold is missed, any other gold is a false alarm. If it counted as
"not positive", a model would be paid for every reply that cannot be read where nothing was to be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import Batch, Setting, Settings
from medspec.metrics.patterns import Variable
from medspec.metrics.tables import Cells

if TYPE_CHECKING:
    import numpy as np

C = Variable("C", "cases")

POSITIVE = Setting(name="positive", kind="case", summary="the case that is to be found; true for bool")

UNREAD = "the wrong answer: a positive gold is missed, any other is a false alarm"


def positive_class(batch: Batch, settings: Settings) -> int:
    """The class number of the positive case."""
    wanted = settings["positive"]
    return int(wanted) if isinstance(wanted, bool) else batch.type.index_of(wanted)  # type: ignore[attr-defined]


def found_and_not(cells: Cells, drawn: np.ndarray, positive: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, false alarms and misses of each draw, float64 of shape [draws]."""
    is_gold = cells.gold == positive
    is_unread = cells.answer == cells.classes
    is_answer = (cells.answer == positive) | (is_unread & ~is_gold)
    hits = drawn[:, is_gold & is_answer].sum(axis=1)
    return hits, drawn[:, is_answer & ~is_gold].sum(axis=1), drawn[:, is_gold & ~is_answer].sum(axis=1)
