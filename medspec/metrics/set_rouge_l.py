"""ROUGE-L of sets of words: the form of the package `rouge`, which MedS-Bench reports as "ROUGE".

A text is cut into sentences at every full stop, and sentences at blanks; case counts, signs stay at their words, nothing
is stemmed. For each sentence of the gold, the words of its longest common subsequence with each sentence of the answer
are put into one set. With l words in that set, P = l / distinct words of the answer, R = l / distinct words of the gold;
the value is 2PR / (P + R). In Chinese and Japanese the words of `spoken_words.py` are set apart by blanks first.

Lin, "ROUGE: a package for automatic evaluation of summaries", 2004, section 3.2, there over counts and not over sets.
Three differences from the package: it adds 1e-8 to P + R, it fails where a text has no words (here 0), and it writes a
set's table as a dictionary, which is 20 times slower. Which of several longest subsequences is meant is decided as there.
An unread row counts 0.

`rouge(variant: l)` is the standard form, as `rouge-score` and torchmetrics have it. The tests compare with the package
`rouge`, and with figures recorded for MedS-Bench.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medspec.metrics.base import FRACTION, Metric, Settings, Signature, Unread, mean_of
from medspec.metrics.patterns import TEXT
from medspec.metrics.smoothed_bleu import LANGUAGE
from medspec.metrics.spoken_words import words_in
from medspec.metrics.words import harmonic
from medspec.types.base import Type

_NO_BLANKS = ("zh", "ja")


def per_row(answer: Any, gold: Any, type_: Type, settings: Settings) -> float:
    """The F1 of one answer."""
    if isinstance(answer, Unread):
        return 0.0
    ours, theirs = sentences_of(answer, settings["language"]), sentences_of(gold, settings["language"])
    shared: set[str] = set()
    for wanted in theirs:
        for given in ours:
            shared.update(common_words(wanted, given))
    distinct = [len({word for sentence in side for word in sentence}) for side in (ours, theirs)]
    return harmonic(len(shared), *distinct)


def sentences_of(text: str, language: str) -> list[list[str]]:
    """The sentences of a text with their words; between two full stops there may be an empty word.

    >>> sentences_of("Take 2.5 mg. Rest. ", "en")
    [['Take', '2'], ['5', 'mg'], ['Rest'], ['']]
    """
    if language in _NO_BLANKS:
        text = " ".join(words_in(text, language))
    return [" ".join(part.split()).split(" ") for part in text.split(".") if part]


def common_words(wanted: Sequence[str], given: Sequence[str]) -> list[str]:
    """The words of one longest common subsequence, last word first.

    Where there are several, the one found from the end: of two ways on, that which leaves out a word of `given`.

    >>> common_words("the man then sat".split(), "the old man sat down".split())
    ['sat', 'man', 'the']
    """
    table = [[0] * (len(given) + 1)]
    for word in wanted:
        above, row = table[-1], [0]
        for place, other in enumerate(given):
            left = row[place]
            row.append(above[place] + 1 if word == other else max(left, above[place + 1]))
        table.append(row)
    found, i, j = [], len(wanted), len(given)
    while i and j:
        if wanted[i - 1] == given[j - 1]:
            found.append(wanted[i - 1])
            i, j = i - 1, j - 1
        elif table[i - 1][j] > table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return found


SET_ROUGE_L = Metric(
    name="set_rouge_l",
    summary="ROUGE-L over sets of distinct words, as the package `rouge` computes it",
    unread="0: in the denominator, never in the numerator",
    signature=Signature(pred=TEXT, gold=TEXT, yields=FRACTION, grain="per row", empty=None),
    compute=mean_of(per_row),
    per_row=per_row,
    settings=(LANGUAGE,),
)
