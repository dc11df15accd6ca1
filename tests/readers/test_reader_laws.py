"""Laws that hold for every reader and every type it produces, on invented types, values and replies."""

from __future__ import annotations

import doctest
import importlib
import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from type_strategies import settings_for, typed_for, words

from medspec.readers import READERS, find_reader
from medspec.readers.base import Reader, Unread
from medspec.types import (
    BooleanType,
    BoxType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    Misfit,
    RecordType,
    SetType,
    SpanType,
    TextType,
    Type,
)

PAIRS = [(reader, kind) for reader in READERS for kind in reader.kinds]
NAMES = [f"{reader.name}-{kind}" for reader, kind in PAIRS]

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
        "B: Gout, D: ",
        "Réponses : ",
        "答案",
        " et ",
        "ABD",
        "[",
        "{",
        "]",
        '"text": "fever"',
        "[0.1, 0.2, 0.5, 0.5]",
        "(1, 2), (3, 4)",
        "image 2",
        "<answer>",
        "</answer>",
        "```json\n",
        "none",
        "：",
        "5-10 mg",
    )
)
replies = st.one_of(st.text(max_size=200), st.lists(fragments, max_size=25).map("".join))


def is_legal(value: Any, type_: Type, row: dict[str, Any]) -> bool:
    loaded = type_.load(type_.to_json(value), row)
    return loaded == value and type(loaded) is type(value)


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_what_is_encoded_is_decoded(reader: Reader, kind: str, data: st.DataObject) -> None:
    type_, row, value = data.draw(typed_for(reader, kind))
    settings = data.draw(settings_for(reader, type_))
    if reader.asks == "logits":
        assert reader.continuations is not None and reader.decode_scores is not None
        options = reader.continuations(type_, row, settings)
        said = settings["before"] + reader.encode(value, type_, row, settings)
        scores = [-1.0 if option == said else -1e9 for option in options]
        assume(options.count(said) == 1)
        assert reader.decode_scores(scores, type_, row, settings) == value
        return
    try:
        written = reader.encode(value, type_, row, settings)
    except Misfit:
        reject()  # what cannot be written is refused, never written wrongly
    assert reader.decode(written, type_, row, settings) == value
    assert reader.remarks is None or not reader.remarks(written, type_, row, settings)


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data(), reply=replies)
def test_any_reply_is_a_legal_value_or_unread(reader: Reader, kind: str, data: st.DataObject, reply: str) -> None:
    type_, row, value = data.draw(typed_for(reader, kind))
    settings = data.draw(settings_for(reader, type_))
    if reader.asks == "text" and data.draw(st.booleans()):
        with suppress(Misfit):  # a written answer with something broken in it
            written = reader.encode(value, type_, row, settings)
            cut = data.draw(st.integers(0, len(written)))
            reply = written[:cut] + reply + written[cut + data.draw(st.integers(0, 3)) :]
    found = reader.decode(reply, type_, row, settings)
    assert found.reply == reply if isinstance(found, Unread) else is_legal(found, type_, row)
    if reader.remarks is not None:
        assert all(re.fullmatch("[a-z_]+", remark) for remark in reader.remarks(reply, type_, row, settings))
    if isinstance(found, Unread):
        assert re.fullmatch("[a-z_]+", found.reason)


@pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=NAMES)
@given(data=st.data())
def test_the_answer_format_is_a_sentence(reader: Reader, kind: str, data: st.DataObject) -> None:
    type_, _, _ = data.draw(typed_for(reader, kind))
    sentence = reader.answer_format(type_, data.draw(settings_for(reader, type_)))
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
    + ["9", "1,234", "-", "1e", "5 ", "5 mg ", "more than ", "yes ", "no, ", "yes/", "answer: no "]
    + [
        "[",
        "{",
        "]",
        "}",
        '["',
        '{"a":',
        "[1,",
        "[[],",
        "'",
        "“",
        "：",
        "[1, 2, 3, 4] ",
        "(1,",
        "<answer>",
        "```",
        "1-",
    ]
    + ["answer A and ", "A: ", "AB", ", B", "A and\n"]
    + ['yes: "fever" (2)\n', "yes: fever\n", "- ", "answer: 5 ", "image 1 ", "<box>1 ", "a-;", "{} ", '{"a":1} x '],
)
def test_time_is_linear_in_the_reply(piece: str) -> None:
    """A quadratic pattern would take minutes here; the bound leaves room for a slow machine."""
    cases = EnumType("Decision", (EnumCase("yes", "yes"), EnumCase("no", "no")))
    row = {"options": ["Gout", "Pseudogout", "Septic arthritis"], "note": "No fever.", "scan": "a.png"}
    reply = (piece * (60_000 // len(piece) + 1))[:60_000]
    start = time.process_time()
    numbers = [IntegerType(), FloatType(unit="mg")]
    labelled = RecordType("Located", (FieldType("label", cases), FieldType("where", BoxType("xyxy", "unit", "scan"))))
    span, box = SpanType(cases, "note"), BoxType("xyxy", "pixel", "scan")
    for reader, types in (
        (find_reader("letter"), [ChoiceType("options")]),
        (find_reader("plain"), [cases, BooleanType(), *numbers, TextType()]),
        (find_reader("number"), numbers),
        (find_reader("json"), [ListType(labelled), labelled, SetType(cases), cases, ListType(span)]),
        (find_reader("quotes"), [ListType(span)]),
        (find_reader("boxes"), [box, ListType(box)]),
        (find_reader("pattern"), [cases, TextType()]),
        (find_reader("tagged"), [TextType(), cases]),
        (find_reader("letters"), [SetType(EnumType("Option", tuple(EnumCase(name, name) for name in "ABCDE")))]),
        (find_reader("mentions"), [SetType(cases)]),
    ):
        assert reader is not None
        settings = {entry.name: entry.default for entry in reader.settings}
        if reader.name == "pattern":
            settings["regex"] = r"(?:answer|is)\s*[:=]?(\w*)-.*;"
        for type_ in types:
            found = reader.decode(reply, type_, row, settings)
            assert isinstance(found, Unread) or is_legal(found, type_, row)
    assert time.process_time() - start < 10.0


@pytest.mark.parametrize(
    "name",
    [
        *("wording", "statements", "quantities", "letter", "likelihood", "plain", "json_text", "json", "locate"),
        *("schema_words", "quotes", "boxes", "number", "tagged", "pattern", "patterns", "letters", "mentions"),
    ],
)
def test_the_examples_in_the_docstrings(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"medspec.readers.{name}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_readers_are_found_by_name() -> None:
    assert [find_reader(reader.name) for reader in READERS] == list(READERS)
    assert len({reader.name for reader in READERS}) == len(READERS)
    assert find_reader("leter") is None
