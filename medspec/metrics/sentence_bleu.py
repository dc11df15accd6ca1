"""BLEU of each row by itself: runs of words that an answer shares with its gold, shorter texts penalised.

The same as sacrebleu's sentence BLEU with its defaults (tokens of mteval-v13a, case counts, "exp" smoothing, lengths of
which the answer has no runs left out), divided by 100. `order: 1` looks at single words only.
`language: zh` takes sacrebleu's tokens `zh`: each Chinese character by itself; without it a run of them is one word.
An unread row counts 0, as an empty answer does.

torchmetrics has no value for single rows; the tests compare with sacrebleu.

Papineni et al., ACL 2002; Chen and Cherry, WMT 2014 (smoothing); Post, WMT 2018 (sacrebleu).
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.bleu_counts import ORDER, bleu_of, counts_of
from medspec.metrics.chinese_words import CHARACTERS
from medspec.metrics.patterns import TEXT
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """BLEU of one answer."""
    if isinstance(answer, Unread):
        return 0.0
    order = settings["order"]
    return bleu_of(counts_of(answer, gold, order, settings["language"]), order, effective=True)


SENTENCE_BLEU = Metric(
    name="sentence_bleu",
    summary="BLEU of each row by itself, as sacrebleu computes it, from 0 to 1",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(CHARACTERS, ORDER),
)
