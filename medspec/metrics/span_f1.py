"""Span F1: how well spans match those of the gold, all spans of all rows pooled.

    span_f1(match: exact)      same start, same end, same label
    span_f1(match: overlap)    same label, at least one character in common; each span is matched at most once

Twice the matched spans over all answered and all gold spans. As many spans are matched as can be, so the order of a list
does not matter; a span listed twice can be matched once. Where there are no spans on either side in the whole set, the
value is 1.
An unread row has its gold spans missed and as many invented, at least one.

torchmetrics has nothing for spans. The tests compare with scikit-learn (exact) and with scipy's matching (overlap).

Tjong Kim Sang and De Meulder, CoNLL 2003, for exact spans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread
from medspec.metrics.patterns import ListOf, Variable
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio
from medspec.types.span import Span

if TYPE_CHECKING:
    import numpy as np

SPANS = ListOf(Variable("S", "span", "span<E>"))


def _counts(batch: Batch, settings: Settings) -> np.ndarray:
    """Matched spans, and spans of answer and gold together, of each row: float64 of shape [rows, 2]."""
    import numpy as np

    matched = exact if settings["match"] == "exact" else most_overlapping
    found = np.empty((len(batch), 2))
    for place, (answer, gold) in enumerate(zip(batch.answers, batch.golds, strict=True)):
        if isinstance(answer, Unread):
            found[place] = 0, len(gold) + max(1, len(gold))
        else:
            found[place] = matched(answer, gold), len(answer) + len(gold)
    return found


def exact(answer: Sequence[Span], gold: Sequence[Span]) -> int:
    """How many spans of the answer are the same as one of the gold."""
    return (Counter(answer) & Counter(gold)).total()


def most_overlapping(answer: Sequence[Span], gold: Sequence[Span]) -> int:
    """The largest number of pairs of an answered and a gold span that overlap, no span in two pairs.

    >>> left, right, whole = Span(0, 5), Span(5, 9), Span(0, 9)
    >>> most_overlapping([left, right], [whole]), most_overlapping([whole, left], [left, right])
    (1, 2)
    """
    partner: dict[int, int] = {}

    def find(mine: int, tried: set[int]) -> bool:
        near = [place for place, span in enumerate(gold) if place not in tried and _overlap(answer[mine], span)]
        # One that is free, if there is any: only then are others asked to move, so chains stay short.
        free = next((place for place in near if place not in partner), None)
        if free is not None:
            partner[free] = mine
            return True
        for place in near:
            if place not in tried:
                tried.add(place)
                if find(partner[place], tried):
                    partner[place] = mine
                    return True
        return False

    return sum(find(mine, set()) for mine in range(len(answer)))


def _overlap(one: Span, other: Span) -> bool:
    return one.label == other.label and one.start < other.end and other.start < one.end


def _value(sums: np.ndarray) -> np.ndarray:
    matched, total = sums.T
    return ratio(2 * matched, total, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch, settings).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch, settings), _value)


SPAN_F1 = Metric(
    name="span_f1",
    summary="F1 of spans with their labels, pooled over rows",
    unread="its gold spans are missed and as many invented, at least one",
    signature=Signature(pred=SPANS, gold=SPANS, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(Setting(name="match", default="exact", choices=("exact", "overlap"), summary="when two spans match"),),
)
