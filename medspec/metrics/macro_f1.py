"""Macro F1: the mean over classes of F1, every class that occurs in golds or answers counting the same.

An unread answer is a false negative of its gold class. "Unread" is no class of its own in the mean.
A class that occurs and is never answered correctly has an F1 of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medspec.metrics.base import FRACTION, Batch, Metric, Signature, Variable

if TYPE_CHECKING:
    import numpy as np

SIGNATURE = Signature(variable=Variable("E", "closed"), yields=FRACTION, grain="whole set", empty=None)

_CELLS_AT_ONCE = 4_000_000
"""How many numbers a chunk of bootstrap replicates may hold: about 32 MB each."""


def compute(batch: Batch, settings: Mapping[str, Any]) -> float:
    """Macro F1 over all rows; there must be at least one."""
    import numpy as np
    import torch
    from torchmetrics.functional.classification import multiclass_stat_scores

    predicted, gold, classes = _compact(batch)
    counts = multiclass_stat_scores(
        torch.from_numpy(predicted),
        torch.from_numpy(gold),
        num_classes=classes + 1,
        average=None,
        validate_args=False,
    ).numpy()
    # Whole counts from torchmetrics, the division in 64 bits: its own F1 is a 32-bit float. The last class is "unread".
    hits, false_alarms, _, misses, _ = counts[:classes].T
    return float(np.mean(2 * hits / (2 * hits + false_alarms + misses)))


def replicates(batch: Batch, settings: Mapping[str, Any], resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Macro F1 of `resamples` batches with rows drawn with replacement: float64 of shape [resamples].

    Rows of one cell of the confusion table (gold, answer) are alike, so the number drawn from each cell is multinomial
    and no row is touched. Each replicate is the mean over the classes that occur in it.
    """
    import numpy as np

    predicted, gold, classes = _compact(batch)
    cells, counts = np.unique(gold * (classes + 1) + predicted, return_counts=True)
    gold_of, answer_of = np.divmod(cells, classes + 1)
    correct = gold_of == answer_of
    of_gold = np.equal.outer(gold_of, np.arange(classes)).astype(np.float64)
    of_answer = np.equal.outer(answer_of, np.arange(classes)).astype(np.float64)
    shares = counts / counts.sum()
    chunk = max(1, _CELLS_AT_ONCE // max(len(cells), classes))
    values = np.empty(resamples)
    for start in range(0, resamples, chunk):
        drawn = generator.multinomial(len(batch), shares, size=min(chunk, resamples - start))
        total = drawn @ (of_gold + of_answer)
        hits = (drawn * correct) @ of_gold
        occurs = total > 0
        f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=occurs)
        # Never empty: every drawn row has a gold class, read or not.
        values[start : start + len(drawn)] = f1.sum(axis=1) / occurs.sum(axis=1)
    return values


def _compact(batch: Batch) -> tuple[np.ndarray, np.ndarray, int]:
    """Answers and golds numbered over the classes that occur in either, unread answers as the class after the last."""
    import numpy as np

    predicted, gold, classes = batch.codes
    occurring = np.zeros(classes + 1, dtype=bool)
    occurring[predicted] = True  # -1, unread, marks the last place
    occurring[gold] = True
    occurring[classes] = False
    numbers = np.cumsum(occurring) - 1
    count = int(occurring.sum())
    numbers[classes] = count
    return numbers[predicted], numbers[gold], count


MACRO_F1 = Metric(
    name="macro_f1",
    summary="mean over the classes that occur of F1",
    signature=SIGNATURE,
    compute=compute,
    replicates=replicates,
)
