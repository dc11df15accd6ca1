"""Metrics over texts and numbers, against rouge-score, sacrebleu, torchmetrics, scikit-learn and by hand."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import UNREAD

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.words import bleu_words
from medspec.types import FloatType, IntegerType, ScoreType, TextType, Type

PIECES = (
    "the",
    "Patient",
    "denies",
    "chest-pain",
    "b.i.d.",
    "3.5",
    "mg/dL,",
    "(left)",
    "&amp;",
    "1,000",
    "5-10",
    "été",
    "—",
    "x",
    "\n",
    "don't",
    "$5%",
    "a",
)
sentences = st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)
pairs = st.tuples(sentences, sentences)


def value(name: str, answers: list[Any], golds: list[Any], type_: Type = TextType(), **settings: Any) -> float:  # noqa: B008
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds), {**metric.defaults, **settings})


@pytest.mark.parametrize("variant", ["1", "2", "l"])
@given(pair=pairs)
def test_rouge_score_agrees(variant: str, pair: tuple[str, str]) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    answer, gold = pair
    kind = f"rouge{variant.upper()}"
    expected = RougeScorer([kind], use_stemmer=False).score(gold, answer)[kind].fmeasure
    assert value("rouge", [answer], [gold], variant=variant) == pytest.approx(expected, abs=1e-12)


def test_rouge_of_long_texts_takes_a_moment() -> None:
    """200 pairs of 400 words; a table of all pairs of words would take about 5 seconds."""
    words = [f"w{number % 97}" for number in range(400)]
    text, turned = " ".join(words), " ".join(reversed(words))
    start = time.process_time()
    value("rouge", [text] * 200, [turned] * 200)
    assert time.process_time() - start < 2


@given(st.lists(pairs, min_size=1, max_size=6), st.sampled_from([1, 2, 4]))
def test_sacrebleu_agrees(rows: list[tuple[str, str]], order: int) -> None:
    from sacrebleu.metrics import BLEU

    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    corpus = BLEU(max_ngram_order=order).corpus_score(answers, [golds]).score / 100
    assert value("bleu", answers, golds, order=order) == pytest.approx(corpus, abs=1e-9)
    scorer = BLEU(max_ngram_order=order, effective_order=True)
    each = [scorer.sentence_score(answer, [gold]).score / 100 for answer, gold in rows]
    assert value("sentence_bleu", answers, golds, order=order) == pytest.approx(sum(each) / len(each), abs=1e-9)


@given(sentences)
def test_words_of_bleu_are_those_of_sacrebleu(text: str) -> None:
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    assert bleu_words(text) == Tokenizer13a()(text.rstrip()).split()


def test_bleu_of_an_unread_row_is_that_of_an_empty_answer() -> None:
    from sacrebleu.metrics import BLEU

    golds = ["the patient denies chest pain today", "no fever since the day of surgery"]
    expected = BLEU().corpus_score([golds[0], ""], [golds]).score / 100
    assert value("bleu", [golds[0], UNREAD], golds) == pytest.approx(expected, abs=1e-12)


@given(pairs)
def test_torchmetrics_agrees_on_words_as_squad_counts_them(pair: tuple[str, str]) -> None:
    from torchmetrics.functional.text import squad

    answer, gold = pair
    found = squad(
        [{"prediction_text": answer, "id": "1"}], [{"answers": {"answer_start": [0], "text": [gold]}, "id": "1"}]
    )
    assert value("token_f1", [answer], [gold]) == pytest.approx(found["f1"].item() / 100, abs=1e-6)
    as_squad = {"ignore_case": True, "ignore_punctuation": True, "ignore_articles": True}
    assert value("exact_match", [answer], [gold], **as_squad) == found["exact_match"].item() / 100


def test_token_f1_by_hand() -> None:
    """Shared: "left", "heart", once "failure" of two: 3 of 4 and of 3 words; articles and points are none."""
    assert value("token_f1", ["Left heart failure, failure."], ["The left heart: a failure"]) == pytest.approx(6 / 7)
    assert value("token_f1", ["The", UNREAD, "x"], ["a.", "x", "the"]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [1, 0, 0, 0, 1]),
        ({"ignore_case": True}, [1, 1, 0, 0, 1]),
        ({"ignore_case": True, "ignore_punctuation": True}, [1, 1, 1, 0, 1]),
        ({"ignore_case": True, "ignore_punctuation": True, "ignore_articles": True}, [1, 1, 1, 1, 1]),
        ({"ignore_space": False}, [1, 0, 0, 0, 0]),
    ],
)
def test_what_does_not_matter_to_an_exact_match(settings: dict[str, Any], expected: list[int]) -> None:
    answers = ["heart failure", "Heart failure", "heart failure.", "the heart failure", " heart\n failure"]
    metric = find_metric("exact_match")
    assert metric is not None
    batch = Batch(TextType(), answers, ["heart failure"] * 5)
    assert metric.row_values(batch, {**metric.defaults, **settings}).tolist() == expected  # type: ignore[union-attr]


NUMBER = FloatType(0.0, 10.0)


def test_within_by_hand() -> None:
    answers, golds = [0.3, 0.31, 9.5, 9.4, 0.0, 0.1, UNREAD], [0.2, 0.2, 10.0, 10.0, 0.0, 0.0, 1.0]
    metric = find_metric("within")
    assert metric is not None

    def rows(**settings: float) -> list[float]:
        return metric.row_values(Batch(NUMBER, answers, golds), {**metric.defaults, **settings}).tolist()  # type: ignore[union-attr]

    assert rows(absolute=0.1) == [1, 0, 0, 0, 1, 1, 0]
    assert rows(relative=0.05) == [0, 0, 1, 0, 1, 0, 0]
    assert rows(absolute=0.1, relative=0.06) == [1, 0, 1, 1, 1, 1, 0]
    assert rows() == [0, 0, 0, 0, 1, 0, 0]


def test_within_bounds_of_the_row_by_hand() -> None:
    """Ends count, one side may be open, null is no bound, and the gold is right even where its bounds leave it out."""
    answers = [9.5, 10.0, 9.4, 0.3, 8.0, 5.0, 5.1, UNREAD]
    golds = [9.9, 9.9, 9.9, 0.2, 5.0, 5.0, 5.0, 5.0]
    least = [9.5, 9.0, 9.5, 0.2, 4.0, 6.0, None, 4.0]
    most = [9.9, 9.9, 9.9, 0.1 + 0.2, 6.0, 7.0, 6.0, 6.0]
    metric = find_metric("within")
    assert metric is not None

    def rows(settings: dict[str, float], **fields: list[float | None]) -> list[float]:
        batch = Batch(NUMBER, answers, golds, fields=fields)
        return metric.row_values(batch, {**metric.defaults, **settings}).tolist()  # type: ignore[union-attr]

    assert rows({}, lower=least, upper=most) == [1, 0, 0, 1, 0, 1, 0, 0]
    assert rows({}, lower=least) == [1, 1, 0, 1, 1, 1, 0, 0]
    assert rows({}, upper=most) == [1, 0, 1, 1, 0, 1, 1, 0]
    assert rows({"absolute": 0.1}, lower=least, upper=most) == [1, 1, 0, 1, 0, 1, 1, 0]


def test_mean_absolute_error_of_unread_rows() -> None:
    """Gold 3 of 0..10 can be missed by 7, gold 8 by 8."""
    assert value("mae", [1.0, UNREAD, UNREAD], [2.0, 3.0, 8.0], NUMBER) == pytest.approx((1 + 7 + 8) / 3)
    assert value("mae", [1, UNREAD], [4, 4], ScoreType(0, 4)) == pytest.approx((3 + 4) / 2)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=20))
def test_scikit_learn_agrees_on_errors(rows: list[tuple[int, int]]) -> None:
    from sklearn.metrics import mean_absolute_error

    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    assert value("mae", answers, golds, IntegerType()) == pytest.approx(mean_absolute_error(golds, answers))
