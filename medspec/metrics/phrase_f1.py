"""Phrase F1: how well a list of phrases in one text matches that of the gold, all phrases of all rows pooled.

    phrase_f1                                    aspirin, heparin.
    phrase_f1(none: "There is no gene.")         and what is written where there are none

A text is cut at commas that a blank follows, after one full stop at its end was taken away; phrases are compared without
regard to case, order and repetition. A name that holds such a comma is two phrases on both sides. `none` is matched
without regard to case and to a full stop; `also_none` are further ways of writing it.

F1 is twice the shared phrases over all answered and all gold phrases; where there are none on either side in the whole
set, the value is 1. An unread row has its gold phrases missed and as many invented, at least one.

`released_ner_f1` counts as MedS-Bench's scorer does, mistakes included. torchmetrics has nothing for lists in a text; the
tests compare with scikit-learn.

Wu et al., npj Digital Medicine 2025 (MedS-Bench), for the task; Manning, Raghavan and Schütze, Introduction to Information
Retrieval, 2008, section 8.3, for F1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Setting, Settings, Signature, Unread
from medspec.metrics.patterns import TEXT
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np


def phrases_of(text: str, settings: Settings) -> frozenset[str]:
    """The phrases of a list in one text.

    >>> sorted(phrases_of("Heparin, aspirin, heparin.", {"none": "", "also_none": ()}))
    ['aspirin', 'heparin']
    """
    plain = _plain(text)
    if not plain or plain in (_plain(settings["none"]), *map(_plain, settings["also_none"])):
        return frozenset()
    return frozenset(phrase for part in plain.split(", ") if (phrase := part.strip()))


def _plain(text: str) -> str:
    return text.strip().removesuffix(".").strip().lower()


def _counts(batch: Batch, settings: Settings) -> np.ndarray:
    """Shared phrases, and phrases of answer and gold together, of each row: float64 of shape [rows, 2]."""
    import numpy as np

    found = np.empty((len(batch), 2))
    for place, (answer, gold) in enumerate(zip(batch.answers, batch.golds, strict=True)):
        wanted = phrases_of(gold, settings)
        if isinstance(answer, Unread):
            found[place] = 0, len(wanted) + max(1, len(wanted))
        else:
            given = phrases_of(answer, settings)
            found[place] = len(given & wanted), len(given) + len(wanted)
    return found


def _value(sums: np.ndarray) -> np.ndarray:
    shared, total = sums.T
    return ratio(2 * shared, total, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch, settings).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch, settings), _value)


PHRASE_F1 = Metric(
    name="phrase_f1",
    summary="F1 of the phrases that a text lists, pooled over rows",
    unread="its gold phrases are missed and as many invented, at least one",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
    settings=(
        Setting(name="none", default="", summary="what is written where there are no phrases"),
        Setting(name="also_none", default=(), summary="other ways of writing that"),
    ),
)
