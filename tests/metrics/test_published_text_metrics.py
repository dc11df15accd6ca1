"""Metrics in the form published benchmarks use, against the libraries these used, recorded figures, and by hand."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from metric_cases import UNREAD
from shared_data import DATA, needs

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.metrics.phrase_f1 import phrases_of
from medspec.metrics.released_ner_f1 import entities_of
from medspec.metrics.spoken_words import english_words, treebank_words, words_in
from medspec.types import EnumCase, EnumType, SetType, TextType

CHECK = DATA / "meds_bench/metric_check.json"
REPLIES = DATA / "meds_bench/mmeds_llama3_rationale_replies.csv"
LANGUAGES = {"task51": "zh", "task52": "en", "task53": "fr", "task54": "ja", "task55": "ru", "task56": "es"}
PIECES = (
    "the",
    "Drug",
    "2.5",
    "mg.",
    "U.S.",
    "Dr. Who",
    "can't",
    "cannot",
    '"no"',
    "(left)",
    "--",
    "l'eau",
    "x.",
    "a:b",
    ".",
)
sentences = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)


def value(name: str, answers: list[Any], golds: list[Any], type_: Any = TextType(), **settings: Any) -> float:  # noqa: B008
    metric = find_metric(name)
    assert metric is not None
    return metric.compute(Batch(type_, answers, golds), {**metric.defaults, **settings})


@given(st.text(alphabet="ab .,'\"?!()[]-–;%n’«»`*\n:5", max_size=40))
@example('He said "no," and left.')
def test_treebank_words_are_those_of_nltk(text: str) -> None:
    """But for what NLTK 3.10 changed: apostrophes inside and before words, and long dashes."""
    from nltk.tokenize.destructive import NLTKWordTokenizer

    if "–" in text or "'" in text:
        return
    assert treebank_words(text) == NLTKWordTokenizer().tokenize(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # By hand, from the rules of NLTK 3.9.
        ("l'homme", ["l'homme"]),
        ("It's the dogs' bone.", ["It", "'s", "the", "dogs", "'", "bone", "."]),
        ("I don't think they'll go.", ["I", "do", "n't", "think", "they", "'ll", "go", "."]),
        ("'Tis 5–10 mg", ["'T", "is", "5–10", "mg"]),
        ("cannot gonna wanna", ["can", "not", "gon", "na", "wan", "na"]),
    ],
)
def test_words_around_apostrophes_and_dashes(text: str, words: list[str]) -> None:
    assert treebank_words(text) == words


def test_an_abbreviation_ends_no_sentence() -> None:
    assert english_words("Dr. Smith saw U.S. patients. They left.")[:2] == ["Dr.", "Smith"]
    assert english_words("It was 5 mg. They left.") == ["It", "was", "5", "mg", ".", "They", "left", "."]


def test_words_of_chinese_and_japanese() -> None:
    """As jieba and Janome print them in their own documentation."""
    assert words_in("我来到北京清华大学", "zh") == ["我", "来到", "北京", "清华大学"]
    assert words_in("すもももももももものうち", "ja") == ["すもも", "も", "もも", "も", "もも", "の", "うち"]


@given(st.lists(st.tuples(sentences, sentences), min_size=1, max_size=4), st.sampled_from([1, 2, 4]))
def test_nltk_agrees_on_bleu(rows: list[tuple[str, str]], order: int) -> None:
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

    weights = (1 / order,) * order
    smooth = SmoothingFunction().method1
    each = [
        sentence_bleu([english_words(gold)], english_words(answer), weights=weights, smoothing_function=smooth)
        if english_words(answer)
        else 0.0
        for answer, gold in rows
    ]
    found = value("smoothed_bleu", [answer for answer, _ in rows], [gold for _, gold in rows], order=order)
    assert found == pytest.approx(sum(each) / len(each), abs=1e-12)


@given(sentences, sentences)
@example("a b . . c", "c . a b")
def test_the_package_rouge_agrees(answer: str, gold: str) -> None:
    from rouge import Rouge

    found = value("set_rouge_l", [answer], [gold])
    if not answer.strip(".") or not gold.strip("."):
        assert found == 0  # the package raises
        return
    assert found == pytest.approx(Rouge().get_scores(answer, gold)[0]["rouge-l"]["f"], abs=1e-7)


@needs("meds_bench")
def test_recorded_cases_of_bleu_rouge_and_ner() -> None:
    known = json.loads(CHECK.read_text())
    cases = known["bleu_cases"]
    assert value("smoothed_bleu", ["a"], ["a b"], order=1) == pytest.approx(cases["hyp ['a'] ref ['a','b']"])
    assert value("smoothed_bleu", ["a b"], ["a"], order=1) == cases["hyp ['a','b'] ref ['a']"]
    assert value("smoothed_bleu", ["x"], ["a"], order=1) == cases["hyp ['x'] ref ['a']"]
    assert value("smoothed_bleu", [""], ["a"], order=1) == cases["hyp [] ref ['a']"]
    assert value("set_rouge_l", ["Abc"], ["abc"]) == known["rouge_cases"]["hyp 'Abc' ref 'abc' (case-sensitive) F"]
    assert value("set_rouge_l", ["abc."], ["abc"]) == pytest.approx(known["rouge_cases"]["hyp 'abc.' ref 'abc' F"])
    for text, entities in known["ner_parse_cases_as_released"].items():
        assert entities_of(text) == frozenset(entities), text


@needs("meds_bench")
@pytest.mark.parametrize("task", LANGUAGES)
def test_recorded_figures_of_300_replies(task: str) -> None:
    expected = json.loads(CHECK.read_text())["expected_percent"][task]
    with REPLIES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["task_id"] == task]
    answers, golds = [row["output"].strip() for row in rows], [row["GT"].strip() for row in rows]
    assert len(rows) == expected["n"]
    bleu = value("smoothed_bleu", answers, golds, language=LANGUAGES[task], order=1)
    rouge = value("set_rouge_l", answers, golds, language=LANGUAGES[task])
    assert (round(100 * bleu, 2), round(100 * rouge, 2)) == (expected["BLEU1"], expected["ROUGE_L_F"])


@pytest.mark.parametrize(
    ("answer", "gold", "settings", "expected"),
    [
        ("The diagnosis is Acute Bronchitis, I think.", "bronchitis", {}, 1),
        ("Bronchitis", "bronchitis", {"ignore_case": False}, 0),
        ("Gender: F\nAge: [[18.0, 'year']]", "Gender: F\n\nAge: \"[[18.0, 'year']]\"", {"leave_out": "\"'\n"}, 1),
        ("bronchitis", "The diagnosis is Bronchitis.", {"prefix": "The diagnosis is", "gold_leave_out": "."}, 1),
        ("There is not", "no", {}, 1),
        ("True", "True", {"rivals": ["True", "False"]}, 1),
        ("True or false", "True", {"rivals": ["True", "False"]}, 0),
        ("\n1\n2", "2", {"first_line": True}, 0),
        ("\n1\n2", "1", {"first_line": True}, 1),
        (UNREAD, "", {}, 0),
    ],
)
def test_containment_by_hand(answer: Any, gold: str, settings: dict[str, Any], expected: int) -> None:
    assert value("contains", [answer], [gold], **settings) == expected


lists = st.lists(st.sampled_from(["aspirin", "Heparin", "vitamin K", "2,3-DPG"]), max_size=4)


@given(st.lists(st.tuples(lists, lists), min_size=1, max_size=6))
def test_scikit_learn_agrees_on_phrases(rows: list[tuple[list[str], list[str]]]) -> None:
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    def written(entries: list[str]) -> str:
        return ", ".join(entries) + "." if entries else "There is none."

    columns = MultiLabelBinarizer(classes=["aspirin", "Heparin", "vitamin K", "2,3-DPG"])
    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    expected = f1_score(columns.fit_transform(golds), columns.transform(answers), average="micro", zero_division=1)
    given_, wanted = [written(answer) for answer in answers], [written(gold) for gold in golds]
    assert value("phrase_f1", given_, wanted, none="there is none") == pytest.approx(expected)


def test_what_the_released_scorer_makes_of_the_order() -> None:
    assert value("released_ner_f1", ["heparin, aspirin."], ["aspirin, heparin."]) == 0
    assert value("phrase_f1", ["heparin, aspirin."], ["aspirin, heparin."]) == 1
    both = {"none": "There is no related enetity.", "also_none": ["There is no related entity."]}
    assert (
        phrases_of("There is no related entity.", both)
        == phrases_of("there is no related enetity", both)
        == frozenset()
    )


LABELS = EnumType("Label", tuple(EnumCase(name, name) for name in "abcd"))
label_sets = st.frozensets(st.sampled_from("abcd"))


@given(st.lists(st.tuples(label_sets, label_sets), min_size=1, max_size=8))
def test_scikit_learn_agrees_on_labels(rows: list[tuple[frozenset[str], frozenset[str]]]) -> None:
    from sklearn.metrics import precision_recall_fscore_support
    from sklearn.preprocessing import MultiLabelBinarizer

    answers, golds = [answer for answer, _ in rows], [gold for _, gold in rows]
    occurring = sorted(frozenset().union(*answers, *golds))
    if len(occurring) < 2:
        return  # one column is another kind of question to scikit-learn
    columns = MultiLabelBinarizer(classes=occurring)
    expected = precision_recall_fscore_support(
        columns.fit_transform(golds), columns.transform(answers), average="macro", zero_division=0
    )
    names = ("multilabel_precision", "multilabel_recall", "multilabel_f1")
    found = [value(name, list(answers), list(golds), SetType(LABELS)) for name in names]
    assert found == pytest.approx(list(expected[:3]), abs=1e-12)
