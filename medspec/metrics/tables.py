"""Metrics that look at a table of golds and answers: counting it once, and drawing rows from it again and again.

Rows of one cell (this gold, this answer) are alike. So a bootstrap draws how many rows of each cell there are, which is
multinomial, and never touches a row; a metric is a function of many such draws at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from medspec.metrics.batch import Batch
from medspec.metrics.resample import OfKinds, summed

if TYPE_CHECKING:
    import numpy as np

_DENSE = 1_000
"""Up to so many classes a table with every cell is made; with more, the cells that occur are looked for."""


@attrs.frozen(eq=False)
class Cells:
    """The cells that occur, in the order of golds and then of answers.

    `gold` and `answer` are class numbers of shape [cells], int64; an unread answer has the number `classes`, which no
    gold has. `counts` says how many rows each cell has.
    """

    gold: np.ndarray
    answer: np.ndarray
    counts: np.ndarray
    classes: int

    @property
    def hits(self) -> np.ndarray:
        """Which cells are on the diagonal: bool of shape [cells]."""
        found: np.ndarray = self.gold == self.answer
        return found

    def per_class(self, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of draws of shape [draws, cells]: hits, golds and answers of each class, float64 of shape [draws, classes].

        Unread answers are answers of no class.
        """
        golds = summed(drawn, self.gold, self.classes + 1)[:, :-1]
        answers = summed(drawn, self.answer, self.classes + 1)[:, :-1]
        hits = summed(drawn[:, self.hits], self.gold[self.hits], self.classes)
        return hits, golds, answers


Value = Callable[[Cells, "np.ndarray"], "np.ndarray"]
"""A metric of draws: (cells, float64 of shape [draws, cells]) -> float64 of shape [draws]."""


def cells_of(batch: Batch) -> Cells:
    """The table of a batch, counted once for all metrics and intervals that look at it."""
    found: Cells | None = batch.kept.get("cells")
    if found is None:
        found = batch.kept["cells"] = _counted(batch)
    return found


def _counted(batch: Batch) -> Cells:
    """The table, counted by torchmetrics in one update where it is not too wide for that."""
    import numpy as np

    predicted, gold, classes = batch.codes
    # torchmetrics takes -1 without a word, so unread answers get a class of their own.
    answers = np.where(predicted < 0, classes, predicted)
    if classes > _DENSE:
        keys, counts = np.unique(gold * (classes + 1) + answers, return_counts=True)
    else:
        import torch
        from torchmetrics.functional.classification import multiclass_confusion_matrix

        table = multiclass_confusion_matrix(
            torch.from_numpy(answers), torch.from_numpy(gold), num_classes=classes + 1, validate_args=False
        )
        flat = table.numpy().ravel()
        keys = flat.nonzero()[0]
        counts = flat[keys]
    return Cells(keys // (classes + 1), keys % (classes + 1), counts.astype(np.float64), classes)


def value_of(batch: Batch, value: Value) -> float:
    """The metric of the batch itself."""
    cells = cells_of(batch)
    return float(value(cells, cells.counts[None, :])[0])


def resampled_of(batch: Batch, value: Value) -> OfKinds:
    """The metric of drawn rows: which cell each row is in, and the metric of how many there are in each."""
    import numpy as np

    cells = cells_of(batch)
    predicted, gold, classes = batch.codes
    keys = cells.gold * (classes + 1) + cells.answer
    answers = np.where(predicted < 0, classes, predicted)
    places = np.searchsorted(keys, gold * (classes + 1) + answers)
    return OfKinds(places, len(keys), lambda drawn: value(cells, drawn))


def ratio(part: np.ndarray, whole: np.ndarray, empty: float) -> np.ndarray:
    """`part / whole`, and `empty` where `whole` is 0."""
    import numpy as np

    found: np.ndarray = np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, empty), where=whole != 0)
    return found
