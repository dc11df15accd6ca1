"""What the metrics over sets of labels share: how many labels are right, answered and in the gold, row by row.

An unread row has all the labels of its gold missed and as many invented, at least one: it is never in a numerator and
always in a denominator. If it counted as an empty answer, it would be entirely right wherever nothing was to be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import Batch, Unread
from medspec.metrics.batch import as_set
from medspec.metrics.patterns import SetOf, Variable

if TYPE_CHECKING:
    import numpy as np

LABELS = SetOf(Variable("E", "label"))

UNREAD = "its gold labels are missed and as many invented, at least one"


def label_counts(batch: Batch) -> np.ndarray:
    """Right, answered and gold labels of each row: float64 of shape [rows, 3]."""
    import numpy as np

    found = np.empty((len(batch), 3))
    for place, (answer, gold) in enumerate(zip(batch.answers, batch.golds, strict=True)):
        wanted = as_set(gold)
        if isinstance(answer, Unread):
            found[place] = 0, max(1, len(wanted)), len(wanted)
        else:
            given = as_set(answer)
            found[place] = len(given & wanted), len(given), len(wanted)
    return found
