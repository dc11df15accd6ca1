"""ROUGE: what part of the gold's words the answer says, and the other way round, as an F1 per row.

    rouge(variant: 1)    single words        rouge(variant: 2)    pairs of words
    rouge(variant: l)    the longest run of words that both have in this order, gaps allowed

Words are runs of the letters a to z and of digits, in lower case, not stemmed: the same as the package `rouge-score`
with `use_stemmer=False`. With `language: zh` every Chinese character is a word, too; it is `rouge-score` with a tokenizer
of its own. Other scripts have no words here: a row without words on one side counts 0, and a run says so of its golds.
An unread row counts 0.

torchmetrics fills a table of all pairs of words for each row, which takes 6 ms for two texts of 200 words; here a row of
that table is one number. Hyyrö, Theory of Computing Systems 2004 (bit-parallel longest common subsequence).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medspec.metrics.base import FRACTION, Metric, Setting, Settings, Signature, Unread, mean_of
from medspec.metrics.chinese_words import CHARACTERS, rouge_characters
from medspec.metrics.patterns import TEXT
from medspec.metrics.words import harmonic, n_grams, rouge_words
from medspec.types.base import Type


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """The F1 of one answer."""
    if isinstance(answer, Unread):
        return 0.0
    ours, theirs = words_of(answer, settings), words_of(gold, settings)
    if settings["variant"] == "l":
        return harmonic(longest_common(ours, theirs), len(ours), len(theirs))
    length = int(settings["variant"])
    of_answer, of_gold = n_grams(ours, length), n_grams(theirs, length)
    return harmonic((of_answer & of_gold).total(), of_answer.total(), of_gold.total())


def words_of(text: str, settings: Settings) -> list[str]:
    """The words of a text in the language of the settings."""
    return rouge_characters(text) if settings["language"] == "zh" else rouge_words(text)


def longest_common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The number of words in the longest common subsequence.

    >>> longest_common("the old man sat down".split(), "the man then sat".split())
    3
    """
    # Bit i of `open` is 0 where one more word is matched when theirs[:i + 1] is reached.
    where: dict[str, int] = {}
    for place, word in enumerate(theirs):
        where[word] = where.get(word, 0) | 1 << place
    all_open = (1 << len(theirs)) - 1
    still_open = all_open
    for word in ours:
        matched = still_open & where.get(word, 0)
        still_open = ((still_open + matched) | (still_open - matched)) & all_open
    return len(theirs) - still_open.bit_count()


ROUGE = Metric(
    name="rouge",
    summary="F1 of shared words (1), pairs of words (2) or the longest common subsequence (l); no stemming",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(CHARACTERS, Setting(name="variant", default="l", choices=("1", "2", "l"), summary="what is shared")),
    words=words_of,
)
