"""What confidence is worth: is the model as often right as it is sure, and does leaving out the unsure rows help.

`reliability` is the table behind ECE; `risk_coverage` says which share of the answers is wrong if only the surest are taken, for
every share of rows that is answered. An unread row has no confidence and is never answered.
El-Yaniv & Wiener, JMLR 11 (2010) 1605-1641; Geifman & El-Yaniv, NeurIPS 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.metrics.base import Batch

if TYPE_CHECKING:
    import numpy as np

BINS = 15
POINTS = 100
"""At most so many points of a curve are kept."""


def reliability(batch: Batch, *, bins: int = BINS) -> list[dict[str, Any]]:
    """Bins of equal width with rows in them: their ends, rows, mean confidence and share that is right.

    Each bin holds its upper edge; the first one 0 too.
    """
    import numpy as np

    sure, right = _sure_and_right(batch)
    place = np.searchsorted(np.arange(1, bins) / bins, sure, side="left")
    return [
        {
            "low": one / bins,
            "high": (one + 1) / bins,
            "rows": int((place == one).sum()),
            "confidence": float(sure[place == one].mean()),
            "right": float(right[place == one].mean()),
        }
        for one in np.unique(place).tolist()
    ]


def risk_coverage(batch: Batch) -> dict[str, Any] | None:
    """`points` of coverage and risk from the surest rows to all that were read, and the `area` below; None without a read row.

    Rows that are equally sure are answered together. The area is the mean risk over the rows that were read.
    """
    import numpy as np

    sure, right = _sure_and_right(batch)
    if not len(sure):
        return None
    order = np.argsort(-sure, kind="stable")
    ranked = sure[order]
    wrong = np.cumsum(1 - right[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    risks = wrong[ends] / (ends + 1)
    widths = np.diff(np.concatenate(([-1], ends)))
    kept = np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).round().astype(int))
    points = [[float((ends[place] + 1) / len(batch)), float(risks[place])] for place in kept]
    return {"area": float((risks * widths).sum() / len(sure)), "points": points}


def _sure_and_right(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Confidence in the answer and whether it is right, of the rows that were read: float64 of shape [rows]."""
    import numpy as np

    read = np.flatnonzero(~batch.unread)
    predicted, gold, _ = batch.codes
    table = batch.probabilities()
    return table[read, predicted[read]], (predicted[read] == gold[read]).astype(np.float64)
