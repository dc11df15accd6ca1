"""ECE: how far confidence is from being right, averaged over rows that are about equally sure.

Confidence of a row is the probability the model gives to its answer. Rows are put into `bins` of equal width, each with
its upper edge (a confidence of 0 is in the first). In each, the mean confidence is compared with the share that is
right; ECE is the mean of these gaps, each bin with the weight of its rows.
An unread row counts as entirely sure and wrong, in a bin of its own: beside rows that are right more often than they are
sure, it could otherwise make the value better.

torchmetrics puts a confidence of exactly 1 into a bin of its own and works in 32 bits, so the bins are summed here;
the tests compare with it where no confidence is on an edge. Guo et al., ICML 2017, section 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import Batch, Metric, Range, Setting, Settings, Signature
from medspec.metrics.patterns import Variable
from medspec.metrics.resample import OfSums

if TYPE_CHECKING:
    import numpy as np

C = Variable("C", "closed")


def _gaps(batch: Batch, settings: Settings) -> np.ndarray:
    """For each row, confidence minus being right in the column of its bin: float64 of shape [rows, bins + 1]. The last bin is
    that of unread rows."""
    import numpy as np

    bins = settings["bins"]
    predicted, gold, _ = batch.codes
    unread = batch.unread
    table, rows = batch.probabilities(), np.arange(len(batch))
    confidence = np.where(unread, 1.0, table[rows, np.where(unread, 0, predicted)])
    edges = np.arange(1, bins) / bins
    found = np.zeros((len(batch), bins + 1))
    bin_of = np.where(unread, bins, np.searchsorted(edges, confidence, side="left"))
    found[rows, bin_of] = confidence - (predicted == gold)
    return found


def compute(batch: Batch, settings: Settings) -> float:
    import numpy as np

    return float(np.abs(_gaps(batch, settings).sum(axis=0)).sum() / len(batch))


def resampled(batch: Batch, settings: Settings) -> OfSums:
    import numpy as np

    # A column of ones, because clusters of unequal size do not always make as many rows.
    return OfSums(np.concatenate([_gaps(batch, settings), np.ones((len(batch), 1))], axis=1), _value)


def _value(sums: np.ndarray) -> np.ndarray:
    import numpy as np

    found: np.ndarray = np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1]
    return found


ECE = Metric(
    name="ece",
    summary="expected calibration error: gap between confidence and being right",
    unread="entirely sure and wrong, in a bin of its own",
    signature=Signature(
        pred=C,
        gold=C,
        yields=Range(0.0, 1.0, higher_is_better=False),
        grain="whole set",
        empty=None,
        needs=frozenset({"confidence"}),
    ),
    compute=compute,
    resampled=resampled,
    settings=(Setting(name="bins", default=15, low=1, high=1000, summary="how many bins of equal width"),),
)
