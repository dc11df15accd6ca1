"""What the metrics over labels as questions of their own share: hits, answers and golds of each row and label.

An unread row has its gold labels missed and as many invented, at least one, spread evenly over all labels that occur.
The value of a label is 0 where the denominator is; labels that occur nowhere in the set are no question.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from medspec.metrics.base import Batch, Unread
from medspec.metrics.batch import as_set
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np

UNREAD = "its gold labels are missed and as many invented, at least one, evenly over all labels"


@attrs.frozen(eq=False)
class LabelColumns:
    """Float64 of shape [rows, labels] each, or [draws, labels] for sums over rows."""

    hits: np.ndarray
    answered: np.ndarray
    wanted: np.ndarray

    def stacked(self) -> np.ndarray:
        """All three side by side: shape [rows, 3 * labels]."""
        import numpy as np

        return np.concatenate([self.hits, self.answered, self.wanted], axis=1)


def label_columns(batch: Batch) -> LabelColumns:
    """The columns of all labels that occur in golds or answers."""
    import numpy as np

    golds = [as_set(gold) for gold in batch.golds]
    answers = [None if isinstance(answer, Unread) else as_set(answer) for answer in batch.answers]
    labels = sorted(set().union(*golds, *(answer for answer in answers if answer is not None)), key=str)
    column = {label: place for place, label in enumerate(labels)}
    hits, answered, wanted = (np.zeros((len(batch), len(labels))) for _ in range(3))
    for place, (answer, gold) in enumerate(zip(answers, golds, strict=True)):
        for label in gold:
            wanted[place, column[label]] += 1
        if answer is None:
            answered[place] += max(1, len(gold)) / max(1, len(labels))
            continue
        for label in answer:
            answered[place, column[label]] += 1
            hits[place, column[label]] += label in gold
    return LabelColumns(hits, answered, wanted)


def macro(sums: np.ndarray, denominator: Callable[[LabelColumns], np.ndarray], times: float = 1.0) -> np.ndarray:
    """The mean over labels that occur of times * hits / denominator, of stacked sums of shape [draws, 3 * labels].

    It is 1 where no label occurs: nothing to find, nothing invented.
    """
    import numpy as np

    columns = LabelColumns(*np.split(sums, 3, axis=1))
    occurring = (columns.answered + columns.wanted > 0).sum(axis=1)
    return ratio(ratio(times * columns.hits, denominator(columns), 0.0).sum(axis=1), occurring, 1.0)
