"""Statistics of agreement between what a judge said and what people did.

    accuracy          share that is said alike
    precision, recall, f1      of one class
    macro_f1          mean F1 of all classes that occur
    cohen_kappa       beyond what the shares of classes give by chance; linear or quadratic weights for scales
    gwet_ac1          beyond chance among things that are hard to judge; stays near the accuracy at skewed shares
    krippendorff      alpha of any number of raters with gaps: nominal, ordinal, interval (`raters.py`)

All take tables of shape [..., gold class, said class + 1] (see `table.py`) and give NaN where they are 0/0. What could not be
read agrees with nothing: for weights it is as far from its gold as the ends of the scale are from each other, for one class
it is the wrong answer.

Cohen 1960, 1968; Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008) 29-48.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from medspec.run.agreement.table import Statistic, Table

if TYPE_CHECKING:
    import numpy as np


def _divided(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = np.where(under == 0, np.nan, over / under)
    return found


def _diagonal(tables: np.ndarray) -> np.ndarray:
    import numpy as np

    found: np.ndarray = np.diagonal(tables[..., :-1], axis1=-2, axis2=-1)
    return found


def accuracy(tables: np.ndarray) -> np.ndarray:
    """Share of pairs that are alike."""
    return _divided(_diagonal(tables).sum(axis=-1), tables.sum(axis=(-1, -2)))


def _per_class(tables: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, how often said, how often gold: shape [..., classes]."""
    return _diagonal(tables), tables[..., :-1].sum(axis=-2), tables.sum(axis=-1)


def recall(positive: int) -> Statistic:
    """Of the class at `positive`: how many of its golds are said (sensitivity)."""

    def of(tables: np.ndarray) -> np.ndarray:
        hits, _, gold = _per_class(tables)
        return _divided(hits[..., positive], gold[..., positive])

    return of


def precision(positive: int) -> Statistic:
    """Of the class at `positive`: how many of those said are gold. Unread golds of other classes are false alarms."""

    def of(tables: np.ndarray) -> np.ndarray:
        hits, said, _ = _per_class(tables)
        unread = tables[..., -1].sum(axis=-1) - tables[..., positive, -1]
        return _divided(hits[..., positive], said[..., positive] + unread)

    return of


def f1(positive: int) -> Statistic:
    """The harmonic mean of precision and recall of one class."""

    def of(tables: np.ndarray) -> np.ndarray:
        hits, said, gold = _per_class(tables)
        unread = tables[..., -1].sum(axis=-1) - tables[..., positive, -1]
        return _divided(2 * hits[..., positive], said[..., positive] + unread + gold[..., positive])

    return of


def specificity(positive: int) -> Statistic:
    """How many golds of other classes are not said to be of this one; unread ones count as said to be."""

    def of(tables: np.ndarray) -> np.ndarray:
        others = tables.sum(axis=(-1, -2)) - tables[..., positive, :].sum(axis=-1)
        alarms = tables[..., positive].sum(axis=-1) - tables[..., positive, positive]
        unread = tables[..., -1].sum(axis=-1) - tables[..., positive, -1]
        return _divided(others - alarms - unread, others)

    return of


def macro_f1(tables: np.ndarray) -> np.ndarray:
    """The mean F1 of all classes that occur on either side."""
    import numpy as np

    hits, said, gold = _per_class(tables)
    return np.asarray(np.nanmean(_divided(2 * hits, said + gold), axis=-1))


def cohen_kappa(weights: str | None = None, scale: Sequence[float] | None = None) -> Statistic:
    """Kappa; `weights` is None, `linear` or `quadratic`, by the distance of classes on `scale` (else their places)."""

    def of(tables: np.ndarray) -> np.ndarray:
        import numpy as np

        classes = tables.shape[-2]
        places = np.arange(classes, dtype=float) if scale is None else np.asarray(scale, dtype=float)
        apart = np.abs(np.subtract.outer(places, places))
        longest = np.full((classes, 1), max(float(places.max() - places.min()), 1.0))
        cost = np.concatenate([apart, longest], axis=1)
        if weights is None:
            cost = (cost > 0).astype(float)
        elif weights == "quadratic":
            cost = cost**2
        total = tables.sum(axis=(-1, -2))
        gold, said = tables.sum(axis=-1), tables.sum(axis=-2)
        found = (tables * cost).sum(axis=(-1, -2)) * total
        by_chance = np.einsum("...i,ij,...j->...", gold, cost, said)
        return 1 - _divided(found, by_chance)

    return of


def gwet_ac1(tables: np.ndarray) -> np.ndarray:
    """(po - e) / (1 - e), e = sum of pi (1 - pi) / (classes - 1), pi the mean share of a class over both raters."""
    classes = tables.shape[-2]
    total = tables.sum(axis=(-1, -2))
    _, said, gold = _per_class(tables)
    share = _divided(said + gold, 2 * total[..., None])
    chance = (share * (1 - share)).sum(axis=-1) / max(classes - 1, 1)
    return _divided(accuracy(tables) - chance, 1 - chance)


def statistics_for(
    table: Table, *, positive: int | None, ordered: bool
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """The statistics that mean something for a table, by name: those of one class, and those of scales, only where asked."""
    found: dict[str, Callable[[np.ndarray], np.ndarray]] = {"accuracy": accuracy}
    if positive is not None:
        found |= {"precision": precision(positive), "recall": recall(positive), "specificity": specificity(positive)}
        found |= {"f1": f1(positive)}
    found |= {"macro_f1": macro_f1, "cohen_kappa": cohen_kappa()}
    if ordered and len(table.classes) > 2:
        scale = [float(name) for name in table.classes]
        found |= {"linear_kappa": cohen_kappa("linear", scale), "quadratic_kappa": cohen_kappa("quadratic", scale)}
    return {**found, "gwet_ac1": gwet_ac1}
