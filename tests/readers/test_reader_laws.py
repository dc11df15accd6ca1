"""Laws that hold for every reader and every type it produces, on invented types, values and replies."""

from __future__ import annotations

import doctest
import importlib
import string
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medspec.readers import READERS, find_reader
from medspec.readers.base import Reader, Unread
from medspec.readers.wording import narrowed
from medspec.types import BooleanType, ChoiceType, EnumCase, EnumType, FloatType, IntegerType, TextType, Type

PAIRS = [(reader, kind) for reader in READERS for kind in reader.kinds]
NAMES = [f"{reader.name}-{kind}" for reader, kind in PAIRS]
UNITS = (None, "mg/dL", "mmHg", "%", "µg", "10^9/L", "mL/min/1.73 m²", "days", "°C", "U/L", "beats per minute")

words = st.text(st.sampled_from(string.ascii_letters + string.digits + " .-()%中文éΣ"), min_size=1, max_size=20)
fragments = st.sampled_from(
    (
        "A",
        "B",
        "b.",
        "(C)",
        "E",
        " ",
        "\n",
        "**",
        "ANSWER:",
        "answer is ",
        " or ",
        ", ",
        "yes",
        "no",
        "not",
        "7",
        "-",
        "1,5",
    )
    + (
        "mg",
        "%",
        ".",
        "<think>",
        "</think>",
        '{"answer": "',
        '"}',
        "\\boxed{",
        "}",
        "答案：",
        "Ｂ",
        "I cannot help",
        "A patient",
    )
)
replies = st.one_of(st.text(max_size=200), st.lists(fragments, max_size=25).map("".join))


def distinct_cases(texts: list[str]) -> bool:
    """Cases whose texts are the same for `plain` cannot be told apart, and a blank one cannot be answered."""
    seen = [narrowed(text).strip() for text in texts]
    return all(seen) and len(set(seen)) == len(seen)


@st.composite
def typed(draw: st.DrawFn, kind: str) -> tuple[Type, dict[str, Any], Any]:
    """A type of this kind, a row, and a value of the type that a reply can hold."""
    row: dict[str, Any] = {}
    if kind == "choice":
        row["options"] = draw(st.lists(words, min_size=1, max_size=26))
        return ChoiceType("options"), row, draw(st.integers(0, len(row["options"]) - 1))
    if kind == "enum":
        texts = draw(st.lists(words, min_size=1, max_size=8).filter(distinct_cases))
        cases = tuple(EnumCase(f"case_{place}", text) for place, text in enumerate(texts))
        return EnumType("Invented", cases), row, draw(st.sampled_from(cases)).name
    if kind == "bool":
        return BooleanType(), row, draw(st.booleans())
    if kind == "int":
        low, value, high = sorted(draw(st.tuples(*[st.integers(-(10**12), 10**12)] * 3)))
        return (IntegerType() if draw(st.booleans()) else IntegerType(low, high)), row, value
    if kind == "float":
        numbers = st.floats(allow_nan=False, allow_infinity=False)
        low, value, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
        unit = draw(st.sampled_from(UNITS))
        return (FloatType(unit=unit) if draw(st.booleans()) else FloatType(low, high, unit)), row, value
    text = draw(
        st.text(min_size=1, max_size=60).map(str.strip).filter(lambda text: text and "think" not in text.lower())
    )
    return TextType(), row, text


def settings_of(reader: Reader) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {entry.name: st.sampled_from(entry.choices or (entry.default, "")) for entry in reader.settings}
    )


def is_legal(value: Any, type_: Type, row: dict[str, Any]) -> bool:
    if isinstance(type_, ChoiceType):
        return type(value) is int and 0 <= value < len(row["options"])
    return type_.load(value, row) == value and type(value) is type(type_.load(value, row))


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_what_is_encoded_is_decoded(reader: Reader, kind: str, data: st.DataObject) -> None:
    type_, row, value = data.draw(typed(kind))
    settings = data.draw(settings_of(reader))
    if reader.asks == "logits":
        assert reader.continuations is not None and reader.decode_scores is not None
        options = reader.continuations(type_, row, settings)
        said = settings["before"] + reader.encode(value, type_, row, settings)
        scores = [-1.0 if option == said else -1e9 for option in options]
        assume(options.count(said) == 1)
        assert reader.decode_scores(scores, type_, row, settings) == value
    else:
        assert reader.decode(reader.encode(value, type_, row, settings), type_, row, settings) == value


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data(), reply=replies)
def test_any_reply_is_a_legal_value_or_unread(reader: Reader, kind: str, data: st.DataObject, reply: str) -> None:
    type_, row, _ = data.draw(typed(kind))
    found = reader.decode(reply, type_, row, data.draw(settings_of(reader)))
    assert found.reply == reply if isinstance(found, Unread) else is_legal(found, type_, row)


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_the_answer_format_is_a_sentence(reader: Reader, kind: str, data: st.DataObject) -> None:
    type_, _, _ = data.draw(typed(kind))
    sentence = reader.answer_format(type_, data.draw(settings_of(reader)))
    assert sentence.startswith("Answer ") and sentence.endswith(".")


@given(
    st.lists(st.tuples(words, st.floats(-1e6, 0)), min_size=1, max_size=26, unique_by=lambda pair: pair[0]),
    st.sampled_from(("none", "characters", "bytes")),
    st.randoms(use_true_random=False),
)
def test_permuting_the_options_permutes_the_likeliest(pairs: list[tuple[str, float]], normalise: str, rng: Any) -> None:
    reader = find_reader("likelihood")
    assert reader is not None and reader.decode_scores is not None
    settings = {"score": "text", "before": " ", "normalise": normalise}
    lengths = {"none": lambda text: 1, "characters": len, "bytes": lambda text: len(text.encode())}
    weighed = [score / lengths[normalise](text) for text, score in pairs]
    assume(weighed.count(max(weighed)) == 1)

    def answered(shown: list[tuple[str, float]]) -> str:
        row = {"options": [text for text, _ in shown]}
        return shown[reader.decode_scores([score for _, score in shown], ChoiceType("options"), row, settings)][0]

    shuffled = list(pairs)
    rng.shuffle(shuffled)
    assert answered(shuffled) == answered(pairs) == pairs[weighed.index(max(weighed))][0]


@pytest.mark.parametrize(
    "piece",
    [
        "answer ",
        "answer is a ",
        "answer" + " " * 50,
        "ANSWER: A or ",
        '{"answer": "',
        "(",
        "**",
        "*_`",
        " ",
        "\n",
        '"',
        "\\",
    ]
    + [
        "<think>",
        "</think>",
        "A. \n",
        "**A**",
        "So option B is correct, ",
        "I really ",
        "not the best ",
        "答案是",
        "\u0301",
    ]
    + ["9", "1,234", "-", "1e", "5 ", "5 mg ", "more than ", "yes ", "no, ", "yes/", "answer: no "],
)
def test_time_is_linear_in_the_reply(piece: str) -> None:
    """A quadratic pattern would take minutes here; the bound leaves room for a slow machine."""
    cases = EnumType("Decision", (EnumCase("yes", "yes"), EnumCase("no", "no")))
    row = {"options": ["Gout", "Pseudogout", "Septic arthritis"]}
    reply = (piece * (200_000 // len(piece) + 1))[:200_000]
    start = time.process_time()
    for reader, types in (
        (find_reader("letter"), [ChoiceType("options")]),
        (find_reader("plain"), [cases, BooleanType(), IntegerType(), FloatType(unit="mg"), TextType()]),
    ):
        assert reader is not None
        for type_ in types:
            found = reader.decode(reply, type_, row, {})
            assert isinstance(found, Unread) or is_legal(found, type_, row)
    assert time.process_time() - start < 5.0


@pytest.mark.parametrize("name", ["wording", "statements", "quantities", "letter", "likelihood", "plain"])
def test_the_examples_in_the_docstrings(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"medspec.readers.{name}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_readers_are_found_by_name() -> None:
    assert [find_reader(reader.name) for reader in READERS] == list(READERS)
    assert len({reader.name for reader in READERS}) == len(READERS)
    assert find_reader("letters") is None
