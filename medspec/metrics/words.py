"""How texts are made comparable and cut into words, for the metrics over texts.

>>> plain_form("The  heart, (left)", case=True, punctuation=True, articles=True, space=True)
'heart left'
>>> rouge_words("Beta-blockers: 5 mg")
['beta', 'blockers', '5', 'mg']
>>> bleu_words("BP was 120/80, then 3.5.")
['BP', 'was', '120', '/', '80', ',', 'then', '3.5', '.']
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ARTICLES_ANY_CASE = re.compile(r"\b(a|an|the)\b", re.IGNORECASE)
_NOT_ROUGE = re.compile(r"[^a-z0-9]+")

# The rules of mteval-v13a, the script of the translation evaluations, in their order.
_SIGNS = re.compile(r"([{-~\[-` -&(-+:-@/])")
_POINT_AFTER = re.compile(r"([^0-9])([.,])")
_POINT_BEFORE = re.compile(r"([.,])([^0-9])")
_DASH = re.compile(r"([0-9])(-)")


def plain_form(text: str, *, case: bool, punctuation: bool, articles: bool, space: bool) -> str:
    """The text without what is not to matter. With all four it is the form the SQuAD evaluation compares."""
    if case:
        text = text.lower()
    if punctuation:
        text = text.translate(_PUNCTUATION)
    if articles:
        text = (_ARTICLES if case else _ARTICLES_ANY_CASE).sub(" ", text)
    return " ".join(text.split()) if space else text


def squad_words(text: str) -> list[str]:
    """The words of the SQuAD evaluation: lower case, no ASCII punctuation, no English articles."""
    return plain_form(text, case=True, punctuation=True, articles=True, space=True).split()


def rouge_words(text: str) -> list[str]:
    """The words of the ROUGE evaluation without stemming: runs of the letters a to z and of digits, in lower case."""
    return _NOT_ROUGE.sub(" ", text.lower()).split()


@lru_cache(maxsize=4096)
def bleu_words(text: str) -> list[str]:
    """The words of mteval-v13a: signs stand alone, points and commas do where no digit is beside them."""
    text = text.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for written, sign in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        text = text.replace(written, sign)
    return mteval_words(f" {text} ")


def mteval_words(text: str) -> list[str]:
    """The second part of mteval-v13a, which sets signs apart."""
    text = _SIGNS.sub(r" \1 ", text)
    text = _POINT_AFTER.sub(r"\1 \2 ", text)
    text = _POINT_BEFORE.sub(r" \1 \2", text)
    return _DASH.sub(r"\1 \2 ", text).split()


def n_grams(words: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    """How often each run of `length` words occurs."""
    return Counter(zip(*(words[start:] for start in range(length)), strict=False))


def harmonic(shared: float, of_answer: float, of_gold: float) -> float:
    """F1 of `shared` things, of which the answer has `of_answer` and the gold `of_gold`; 0 where nothing is shared."""
    return 2 * shared / (of_answer + of_gold) if shared else 0.0
