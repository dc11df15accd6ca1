"""What BLEU is made of: how many runs of one to `order` words of an answer are in its gold, and how long both are.

Tokens are those of mteval-v13a, or of sacrebleu's `zh`. Where a text has runs of some length and none is in the gold, the
first such precision is taken as half of one run, the next as a quarter, and so on ("exp" of sacrebleu). Papineni et al., ACL 2002.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.metrics.base import Setting
from medspec.metrics.chinese_words import bleu_characters
from medspec.metrics.words import bleu_words, n_grams

if TYPE_CHECKING:
    import numpy as np

ORDER = Setting(name="order", default=4, low=1, high=9, summary="the longest runs of words that are looked at")


def counts_of(answer: str, gold: str, order: int, language: str) -> list[int]:
    """Shared runs of each length, all runs of each length, words of the answer, words of the gold: 2 * order + 2 numbers."""
    words = bleu_characters if language == "zh" else bleu_words
    ours, theirs = words(answer), words(gold)
    shared = [(n_grams(ours, n) & n_grams(theirs, n)).total() for n in range(1, order + 1)]
    return [*shared, *(max(len(ours) - n, 0) for n in range(order)), len(ours), len(theirs)]


def bleu_of(counts: Sequence[float] | np.ndarray, order: int, *, effective: bool) -> float:
    """BLEU from 0 to 1 of counts, which may be sums over many rows.

    With `effective`, lengths of which the answer has no runs are left out; without, they make the value 0.
    """
    shared, runs = counts[:order], counts[order : 2 * order]
    ours, theirs = counts[-2], counts[-1]
    if not any(shared):
        return 0.0
    logs, halves = [], 1.0
    for hit, of in zip(shared, runs, strict=True):
        if not of:
            if not effective:
                return 0.0
            break
        if not hit:
            halves *= 2
        logs.append(math.log(hit / of if hit else 1 / (halves * of)))
    brevity = 1.0 if ours >= theirs else math.exp(1 - theirs / ours)
    return brevity * math.exp(math.fsum(logs) / len(logs))
