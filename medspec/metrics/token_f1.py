"""Token F1: how many words answer and gold share, as the SQuAD evaluation counts them.

Words are in lower case, without ASCII punctuation and without English articles. A word that occurs twice is shared twice
only if it is twice in both. Where one side has no words left, the value is 1 if the other has none either, else 0. A text
in Chinese is one word, unless `language: zh` cuts it into characters, as the evaluation of MLQA does.
An unread row counts 0.

torchmetrics computes the same (its `SQuAD`, F1) a text at a time from dictionaries, with no value for single rows.

Rajpurkar et al., EMNLP 2016 (SQuAD); Lewis et al., ACL 2020 (MLQA).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.chinese_words import CHARACTERS, squad_characters
from medspec.metrics.patterns import TEXT
from medspec.metrics.words import harmonic, squad_words
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """F1 of the words of the two texts."""
    if isinstance(answer, Unread):
        return 0.0
    words = squad_characters if settings["language"] == "zh" else squad_words
    ours, theirs = words(answer), words(gold)
    if not ours or not theirs:
        return float(ours == theirs)
    return harmonic((Counter(ours) & Counter(theirs)).total(), len(ours), len(theirs))


TOKEN_F1 = Metric(
    name="token_f1",
    summary="F1 of the words that answer and gold share, as SQuAD counts them",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(CHARACTERS,),
)
