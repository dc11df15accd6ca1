"""Sentence BLEU with its first smoothing method, on words of the text's own language, as MedS-Bench and MMedBench use it.

    smoothed_bleu(order: 1)                    BLEU-1 in English
    smoothed_bleu(language: ja, order: 1)      and in Japanese, cut into words by Janome

Clipped counts of runs of 1 to `order` words, all weighted alike; a length of which nothing is shared counts as 0.1 runs;
an answer shorter than its gold is multiplied by exp(1 - gold / answer); an answer that shares no word counts 0. Chen and
Cherry, WMT 2014, technique 1; the same as NLTK's `sentence_bleu` with `SmoothingFunction().method1` on the words of
`spoken_words.py`. Case and signs count. An unread row counts 0.

`sentence_bleu` is the other usual form: other words, another smoothing. torchmetrics has no value for single rows; the
tests compare with NLTK, and with figures recorded for MedS-Bench.
"""

from __future__ import annotations

import math
from typing import Any

from medspec.metrics.base import FRACTION, Metric, Setting, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import TEXT
from medspec.metrics.spoken_words import LANGUAGES, words_in
from medspec.metrics.words import n_grams
from medspec.types.base import Type

LEAST = 0.1
"""What counts for runs of a length of which none is shared."""

LANGUAGE = Setting(name="language", default="en", choices=LANGUAGES, summary="whose words")


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """BLEU of one answer."""
    if isinstance(answer, Unread):
        return 0.0
    ours, theirs = words_in(answer, settings["language"]), words_in(gold, settings["language"])
    logs = []
    for length in range(1, settings["order"] + 1):
        of_answer = n_grams(ours, length)
        shared = (of_answer & n_grams(theirs, length)).total()
        if length == 1 and not shared:
            return 0.0
        logs.append(math.log((shared or LEAST) / max(1, of_answer.total())))
    brevity = 1.0 if len(ours) > len(theirs) else math.exp(1 - len(theirs) / len(ours))
    return brevity * math.exp(math.fsum(logs) / len(logs))


SMOOTHED_BLEU = Metric(
    name="smoothed_bleu",
    summary="BLEU of each row as NLTK computes it (smoothing method 1), on words of six languages",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(
        LANGUAGE,
        Setting(name="order", default=4, low=1, high=9, summary="the longest runs of words that are looked at"),
    ),
)
