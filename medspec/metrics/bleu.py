"""BLEU over the whole set: runs of words that answers share with their golds, all rows pooled, shorter texts penalised.

The same as sacrebleu's corpus BLEU with its defaults (tokens of mteval-v13a, case counts, "exp" smoothing), divided by
100. `language: zh` takes sacrebleu's tokens `zh`: each Chinese character by itself; without it a run of them is one word.
Where no answer of the set has `order` words the value is 0, even if every answer is its gold.
An unread row is an empty answer: nothing in the numerator, and the length of its gold in the length penalty.

torchmetrics has the tokens and not the smoothing, so its value of a small set is 0; the tests compare with sacrebleu.

Papineni et al., ACL 2002; Post, WMT 2018 (sacrebleu).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.metrics.base import FRACTION, Batch, Metric, Settings, Signature, Unread
from medspec.metrics.bleu_counts import ORDER, bleu_of, counts_of
from medspec.metrics.chinese_words import CHARACTERS
from medspec.metrics.patterns import TEXT
from medspec.metrics.resample import OfSums

if TYPE_CHECKING:
    import numpy as np


def _counts(batch: Batch, settings: Settings) -> np.ndarray:
    import numpy as np

    order, language = settings["order"], settings["language"]
    pairs = zip(batch.answers, batch.golds, strict=True)
    rows = [counts_of("" if isinstance(answer, Unread) else answer, gold, order, language) for answer, gold in pairs]
    return np.array(rows, np.float64)


def compute(batch: Batch, settings: Settings) -> float:
    order = settings["order"]
    return bleu_of(_counts(batch, settings).sum(axis=0).tolist(), order, effective=False)


def resampled(batch: Batch, settings: Settings) -> OfSums:
    order = settings["order"]

    def value(sums: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.array([bleu_of(counts, order, effective=False) for counts in sums.tolist()])

    return OfSums(_counts(batch, settings), value)


BLEU = Metric(
    name="bleu",
    summary="BLEU of all rows pooled, as sacrebleu computes it, from 0 to 1",
    unread="an empty answer: nothing shared, and its gold's length in the length penalty",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="whole set", empty=0.0),
    compute=compute,
    resampled=resampled,
    settings=(CHARACTERS, ORDER),
)
