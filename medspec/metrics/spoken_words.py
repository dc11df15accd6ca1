"""How the scorers of MMedBench and MedS-Bench cut a text into words, language by language.

    en es fr ru    sentences by Punkt (its English model, for all four), words by the rules of the Penn Treebank
    zh             jieba, exact mode
    ja             Janome, surface forms

The rules of the Treebank are those of `word_tokenize` in NLTK 3.5 to 3.9; NLTK 3.10 cuts at other apostrophes and dashes,
which moves published figures by 0.1 points, so they stand here and do not follow that library. Kiss and Strunk,
Computational Linguistics 2006 (Punkt); MacIntyre's script for the Penn Treebank, 1995; both words of Chinese and
Japanese depend on the dictionaries that jieba 0.42 and Janome 0.5 carry.

`punkt_english.json.gz` holds the parameters of the Punkt model for English by Jan Strunk, as the NLTK project gives them
out under the MIT licence.

>>> english_words("He didn't take 2.5 mg (b.i.d.). Why?")
['He', 'did', "n't", 'take', '2.5', 'mg', '(', 'b.i.d.', ')', '.', 'Why', '?']
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from medspec.errors import RunError

LANGUAGES = ("en", "es", "fr", "ru", "zh", "ja")

_MODEL = Path(__file__).with_name("punkt_english.json.gz")

# In this order; what one rule sets apart, a later one may cut again. The quantifiers that cannot give back keep the time
# linear on long runs of brackets and blanks.
_OPENING_QUOTES = (
    (re.compile("([«“‘„]|[`]+)"), r" \1 "),
    (re.compile(r'^"'), "``"),
    (re.compile("(``)"), r" \1 "),
    (re.compile(r"([ (\[{<])(\"|'{2})"), r"\1 `` "),
    (re.compile(r"(?i)(')(?!re|ve|ll|m|t|s|d|n)(\w)\b"), r"\1 \2"),
)
_SIGNS = (
    (re.compile(r"([^.])(\.)([\])}>\"'»”’ ]*+)\s*$"), r"\1 \2 \3 "),
    (re.compile(r"([:,])([^\d])"), r" \1 \2"),
    (re.compile(r"([:,])$"), r" \1 "),
    (re.compile(r"\.{2,}"), r" \g<0> "),
    (re.compile(r"[;@#$%&]"), r" \g<0> "),
    (re.compile(r"([^.])(\.)([\])}>\"']*+)\s*$"), r"\1 \2\3 "),
    (re.compile(r"[?!]"), r" \g<0> "),
    (re.compile(r"([^'])' "), r"\1 ' "),
    (re.compile(r"[*]"), r" \g<0> "),
    (re.compile(r"[\]\[(){}<>]"), r" \g<0> "),
    (re.compile(r"--"), " -- "),
)
_CLOSING_QUOTES = (
    (re.compile("([»”’])"), r" \1 "),
    (re.compile("''"), " '' "),
    (re.compile('"'), " '' "),
    (re.compile(r"\s+"), " "),
    (re.compile(r"([^' ])('[sS]|'[mM]|'[dD]|') "), r"\1 \2 "),
    (re.compile(r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) "), r"\1 \2 "),
)
_JOINED = ("can|not", "d|'ye", "gim|me", "gon|na", "got|ta", "lem|me", "more|'n", "wan|na(?=\\s)")
_CONTRACTIONS = tuple(
    re.compile(r"(?i)\b({})({}){}".format(*pair.split("|"), "" if pair.endswith(")") else r"\b")) for pair in _JOINED
) + tuple(re.compile(rf"(?i) ('t)({word})\b") for word in ("is", "was"))


def words_in(text: str, language: str) -> list[str]:
    """The words of a text in one of `LANGUAGES`, signs included."""
    return _CUTTERS.get(language, english_words)(text)


@lru_cache(maxsize=4096)
def _english(text: str) -> tuple[str, ...]:
    return tuple(word for sentence in _sentences().tokenize(text) for word in treebank_words(sentence))


def english_words(text: str) -> list[str]:
    """Words by Punkt and the Penn Treebank, as the published scorers also cut French, Spanish and Russian."""
    return list(_english(text))


def treebank_words(sentence: str) -> list[str]:
    """The words of one sentence by the rules of the Penn Treebank.

    >>> treebank_words('"They\\'re gonna say no," he said.')
    ['``', 'They', "'re", 'gon', 'na', 'say', 'no', ',', "''", 'he', 'said', '.']
    """
    for rule, text in (*_OPENING_QUOTES, *_SIGNS):
        sentence = rule.sub(text, sentence)
    sentence = f" {sentence} "
    for rule, text in _CLOSING_QUOTES:
        sentence = rule.sub(text, sentence)
    for rule in _CONTRACTIONS:
        sentence = rule.sub(r" \1 \2 ", sentence)
    return sentence.split()


@lru_cache(maxsize=1)
def _sentences() -> Any:
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    known = json.loads(gzip.decompress(_MODEL.read_bytes()))
    parameters = PunktParameters()
    parameters.abbrev_types = set(known["abbreviations"])
    parameters.collocations = {(first, second) for first, second in known["collocations"]}
    parameters.sent_starters = set(known["starters"])
    parameters.ortho_context.update(known["contexts"])
    return PunktSentenceTokenizer(parameters)


@lru_cache(maxsize=4096)
def _chinese(text: str) -> tuple[str, ...]:
    return tuple(_jieba().cut(text))


@lru_cache(maxsize=1)
def _jieba() -> Any:
    jieba: Any = _library("jieba")
    jieba.setLogLevel("WARNING")
    return jieba.Tokenizer()


@lru_cache(maxsize=4096)
def _japanese(text: str) -> tuple[str, ...]:
    return tuple(_janome().tokenize(text, wakati=True))


@lru_cache(maxsize=1)
def _janome() -> Any:
    return _library("janome.tokenizer").Tokenizer()


def _library(name: str) -> Any:
    import importlib

    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RunError(f"the words of this language need the package `{package}`: pip install {package}") from error


_CUTTERS: dict[str, Callable[[str], list[str]]] = {
    "zh": lambda text: list(_chinese(text)),
    "ja": lambda text: list(_japanese(text)),
}
