"""NER F1 as the released scorer of MedS-Bench counts it, with its mistakes.

All full stops are deleted, the text is stripped and put into lower case; "there is no related enetity" (the spelling of
the data) is no entity; every other text loses its last character, which the scorer takes for the full stop that is
already gone, and is cut at ", " into a set. Hits, false alarms and misses are pooled over rows. What follows from that:

    "aspirin, iron." against "iron, aspirin."    no hit: the last entity of each side lost its last letter
    "There is no related entity."                spelled right, one false alarm
    an empty answer                              one false alarm

To repeat published figures only; `phrase_f1` counts what is meant. An unread row has its gold entities missed and as
many invented, at least one (the scorer leaves empty cells out, misses and all). Where nothing is to be counted: 1.
Source: `Metrics/NamedEntityRecognition.py` of MAGIC-AI4Med/MedS-Ins, May 2025. The tests compare with recorded
cases; torchmetrics has nothing for lists in a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.patterns import TEXT
from medspec.metrics.resample import OfSums
from medspec.metrics.tables import ratio

if TYPE_CHECKING:
    import numpy as np

NONE = "there is no related enetity"


def entities_of(text: str) -> frozenset[str]:
    """The entities as the released scorer cuts them.

    >>> sorted(entities_of("Docosahexaenoic acid, methylmercury."))
    ['docosahexaenoic acid', 'methylmercur']
    """
    plain = text.replace(".", "").strip().lower()
    return frozenset() if plain == NONE else frozenset(plain[:-1].split(", "))


def _counts(batch: Batch) -> np.ndarray:
    """Hits, and entities of answer and gold together, of each row: float64 of shape [rows, 2]."""
    import numpy as np

    found = np.empty((len(batch), 2))
    for place, (answer, gold) in enumerate(zip(batch.answers, batch.golds, strict=True)):
        wanted = entities_of(gold)
        if isinstance(answer, Unread):
            found[place] = 0, len(wanted) + max(1, len(wanted))
        else:
            given = entities_of(answer)
            found[place] = len(given & wanted), len(given) + len(wanted)
    return found


def _value(sums: np.ndarray) -> np.ndarray:
    hits, total = sums.T
    return ratio(2 * hits, total, 1.0)


def compute(batch: Batch, settings: Settings) -> float:
    return float(_value(_counts(batch).sum(axis=0)[None, :])[0])


def resampled(batch: Batch, settings: Settings) -> OfSums:
    return OfSums(_counts(batch), _value)


RELEASED_NER_F1 = Metric(
    name="released_ner_f1",
    summary="entity F1 as MedS-Bench's released scorer counts it, last letters lost",
    unread="its gold entities are missed and as many invented, at least one",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="whole set", empty=1.0),
    compute=compute,
    resampled=resampled,
)
