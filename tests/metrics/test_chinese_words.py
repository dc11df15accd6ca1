"""Metrics over Chinese words, against sacrebleu, rouge-score with tokens of its own, and MLQA's rules written another way."""

from __future__ import annotations

import itertools
import json
import re
import string
import sys
import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import DATA, needs

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.chinese_words import bleu_characters, is_chinese, rouge_characters
from medspec.types import TextType

PIECES = (
    "右侧",
    "胸腔积液",
    "，",
    "。",
    "BP",
    "120/80mmHg",
    "３７．８℃",
    "5.0×109/L",
    "N 78％",
    "the",
    "—",
    "\n",
    " ",
    "Ⅱ",
    "①",
    "β",
    "々",
)
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
pairs = st.tuples(texts, texts)
EVERY_SIGN = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def value(name: str, answers: list[Any], golds: list[Any], **settings: Any) -> float:
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(TextType(), answers, golds), {**metric.defaults, "language": "zh", **settings})


def answers_of_cases() -> list[str]:
    cases = json.loads((DATA / "cmb_clin" / "CMB-test-qa.json").read_text(encoding="utf-8"))
    return [pair["answer"] for case in cases for pair in case["QA_pairs"]] + [case["description"] for case in cases]


def is_ideograph(sign: str) -> bool:
    return sign in "々〇" or unicodedata.name(sign, "").startswith(("CJK UNIFIED IDEO", "CJK COMPATIBILITY IDEO"))


class Characters:
    """Ideographs by their name in Unicode, and runs of a to z and of digits: a tokenizer as rouge-score takes one."""

    def tokenize(self, text: str) -> list[str]:
        found: list[str] = []
        for kind, run in itertools.groupby(text, key=self._kind):
            signs = [unicodedata.normalize("NFKC", sign) if kind == "letter" else sign for sign in run]
            found += signs if kind == "ideograph" else ["".join(signs).lower()] if kind == "letter" else []
        return found

    @staticmethod
    def _kind(sign: str) -> str:
        half = unicodedata.normalize("NFKC", sign) if "FULLWIDTH" in unicodedata.name(sign, "") else sign
        return "letter" if half.isascii() and half.isalnum() else "ideograph" if is_ideograph(sign) else "other"


def mlqa_words(text: str) -> list[str]:
    """Lower case; punctuation of category P and of ASCII removed; U+4E00 to U+9FA5 stand alone, the rest is cut at blanks."""
    kept = [s for s in text.lower() if s not in string.punctuation and not unicodedata.category(s).startswith("P")]
    return re.findall("[\u4e00-\u9fa5]|[^\u4e00-\u9fa5\\s]+", "".join(kept))


def mlqa_f1(answer: str, gold: str) -> float:
    ours, theirs = mlqa_words(answer), mlqa_words(gold)
    shared = (Counter(ours) & Counter(theirs)).total()
    if not ours or not theirs:
        return float(ours == theirs)
    precision, recall = shared / len(ours), shared / len(theirs)
    return 2 * precision * recall / (precision + recall) if shared else 0.0


def check_bleu(answers: list[str], golds: list[str], order: int) -> None:
    from sacrebleu.metrics import BLEU

    corpus = BLEU(max_ngram_order=order, tokenize="zh").corpus_score(answers, [golds]).score / 100
    assert value("bleu", answers, golds, order=order) == pytest.approx(corpus, abs=1e-9)
    scorer = BLEU(max_ngram_order=order, tokenize="zh", effective_order=True)
    each = [scorer.sentence_score(answer, [gold]).score / 100 for answer, gold in zip(answers, golds, strict=True)]
    assert value("sentence_bleu", answers, golds, order=order) == pytest.approx(sum(each) / len(each), abs=1e-9)


def check_rouge(answer: str, gold: str, variant: str) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    kind = f"rouge{variant.upper()}"
    expected = RougeScorer([kind], tokenizer=Characters()).score(gold, answer)[kind].fmeasure
    assert value("rouge", [answer], [gold], variant=variant) == pytest.approx(expected, abs=1e-12)


@given(st.lists(pairs, min_size=1, max_size=6), st.sampled_from([1, 2, 4]))
def test_sacrebleu_agrees(rows: list[tuple[str, str]], order: int) -> None:
    check_bleu([answer for answer, _ in rows], [gold for _, gold in rows], order)


@given(pairs, st.sampled_from("12l"))
def test_rouge_score_agrees(pair: tuple[str, str], variant: str) -> None:
    check_rouge(*pair, variant)


@given(pairs)
def test_rules_of_mlqa_agree(pair: tuple[str, str]) -> None:
    assert value("token_f1", [pair[0]], [pair[1]]) == pytest.approx(mlqa_f1(*pair), abs=1e-12)


@needs("cmb_clin")
def test_all_agree_on_real_answers_and_cases() -> None:
    """Each text of CMB-Clin against the one after it: Chinese with figures, units and laboratory values."""
    golds = answers_of_cases()
    answers = [*golds[1:], golds[0]]
    assert len(golds) == 208 + 74
    check_bleu(answers, golds, 4)
    for answer, gold in list(zip(answers, golds, strict=True))[::8]:
        check_rouge(answer, gold, "l")
        check_rouge(answer, gold, "2")
        assert value("token_f1", [answer], [gold]) == pytest.approx(mlqa_f1(answer, gold), abs=1e-12)
    assert value("rouge", golds, golds) == value("token_f1", golds, golds) == 1


def test_every_sign_is_cut_as_sacrebleu_cuts_it() -> None:
    from sacrebleu.tokenizers.tokenizer_zh import TokenizerZh

    cut = TokenizerZh()
    text = [f"a{sign}b" for sign in (*EVERY_SIGN[:0x10000], *EVERY_SIGN[0x10000::97])]
    assert [one for one in text if bleu_characters(one) != cut(one).split()] == []


def test_every_ideograph_of_unicode_is_a_word_of_rouge() -> None:
    named = [sign for sign in EVERY_SIGN if unicodedata.name(sign, "")]
    words = [sign for sign in named if not sign.isascii() and rouge_characters(sign) == [sign]]
    assert words == [sign for sign in named if is_ideograph(sign)]
    assert len(words) > 90_000


def test_by_hand() -> None:
    """Five of six ideographs are shared; the full stop is a token of BLEU alone; runs of two: 4 of 5."""
    answer, gold = ["左侧胸腔积液。"], ["右侧胸腔积液。"]
    assert value("rouge", answer, gold, variant="1") == pytest.approx(5 / 6)
    assert value("rouge", answer, gold, variant="2") == pytest.approx(4 / 5)
    assert value("sentence_bleu", answer, gold, order=1) == pytest.approx(6 / 7)
    assert value("token_f1", answer, gold) == pytest.approx(5 / 6)
    for name in ("rouge", "sentence_bleu", "token_f1"):
        assert value(name, answer, gold, language="en") == 0


def test_japanese_is_not_taken_for_chinese() -> None:
    assert [is_chinese(text) for text in ("胸水", "BP 正常", "胸水なし", "no change", "。")] == [
        True,
        True,
        False,
        False,
        False,
    ]
