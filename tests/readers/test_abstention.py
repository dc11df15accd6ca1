"""Abstentions: what is written is read, by every reader that reads text; what is no abstention is not taken for one."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from type_strategies import UNSURE, settings_for, typed_for

from medspec.readers import READERS, find_reader
from medspec.readers.base import Reader, Unread
from medspec.types import (
    ABSTAINED,
    AbstainType,
    BooleanType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    Misfit,
    RecordType,
    SpanType,
    TextType,
    Type,
)

PAIRS = [(reader, kind) for reader in READERS if reader.asks == "text" for kind in reader.kinds]
EACH = pytest.mark.parametrize(("reader", "kind"), PAIRS, ids=[f"{reader.name}-{kind}" for reader, kind in PAIRS])

DECISION = EnumType("Decision", (EnumCase("yes", "yes"), EnumCase("no", "no")))
ROW = {"options": ("Gout", "Pseudogout", "Sepsis"), "note": "No fever."}


def defaults(reader: Reader) -> dict[str, Any]:
    found = {entry.name: entry.default for entry in reader.settings}
    return {**found, "regex": "grade:? *([0-4])", "write": "Grade: {}"} if reader.name == "pattern" else found


def read(reader: str, reply: str, type_: Type, word: str = "abstain") -> Any:
    found = find_reader(reader)
    assert found is not None
    return found.decode(reply, AbstainType(type_, word), ROW, defaults(found))


@EACH
@given(data=st.data(), word=st.sampled_from(UNSURE))
def test_what_is_written_is_read(reader: Reader, kind: str, data: st.DataObject, word: str) -> None:
    type_, row, value = data.draw(typed_for(reader, kind))
    settings = data.draw(settings_for(reader, type_))
    whole = AbstainType(type_, word)
    assert reader.produces(whole) == reader.produces(type_)
    assume(reader.produces(type_))
    assert reader.decode(reader.encode(ABSTAINED, whole, row, settings), whole, row, settings) == ABSTAINED
    try:
        written = reader.encode(value, whole, row, settings)
    except Misfit:
        reject()
    assert written == reader.encode(value, type_, row, settings)
    assert reader.decode(written, whole, row, settings) == value


@EACH
@given(
    data=st.data(), reply=st.lists(st.sampled_from((*UNSURE, "Answer: ", "\n", "yes", "3", "[", '"', "A", " - ", ".")))
)
def test_any_reply_is_read_or_unread(reader: Reader, kind: str, data: st.DataObject, reply: list[str]) -> None:
    type_, row, _ = data.draw(typed_for(reader, kind))
    settings = data.draw(settings_for(reader, type_))
    text = "".join(reply)
    found = reader.decode(text, AbstainType(type_, "abstain"), row, settings)
    if found == ABSTAINED:
        assert "abstain" in text
    elif isinstance(found, Unread):
        assert found.reply == text
    else:
        assert found == reader.decode(text, type_, row, settings)


@EACH
@given(data=st.data())
def test_a_model_is_told_the_word(reader: Reader, kind: str, data: st.DataObject) -> None:
    type_, row, _ = data.draw(typed_for(reader, kind))
    settings = data.draw(settings_for(reader, type_))
    said = reader.answer_format(AbstainType(type_, "cannot be told"), settings)
    assert reader.encode(ABSTAINED, AbstainType(type_, "cannot be told"), row, settings) in said
    assert said.endswith(".") and "nothing else" not in said


GRADE = RecordType("Grade", (FieldType("grade", IntegerType(0, 4)),))
SPANS = ListType(SpanType(None, "note"))

READ = [
    ("plain", "abstain", DECISION, ABSTAINED),
    ("plain", "**Abstain.**", DECISION, ABSTAINED),
    ("plain", "The note does not say.\n\nAnswer: abstain", DECISION, ABSTAINED),
    ("plain", "<think>yes?</think>abstain", DECISION, ABSTAINED),
    ("plain", "Abstain: the note does not say.", DECISION, ABSTAINED),
    ("plain", "Yes. I do not abstain.", DECISION, "yes"),
    ("plain", "Answer: abstain\nAnswer: no", DECISION, "no"),
    ("plain", "abstain", TextType(), ABSTAINED),
    ("plain", "Abstain from alcohol.", TextType(), "Abstain from alcohol."),
    ("plain", "Rest.\nabstain", TextType(), "Rest.\nabstain"),
    ("plain", "3.5", FloatType(), 3.5),
    ("number", "Answer: abstain", FloatType(), ABSTAINED),
    ("letter", "The answer is abstain.", ChoiceType("options"), ABSTAINED),
    ("letter", "B", ChoiceType("options"), 1),
    ("json", '"abstain"', GRADE, ABSTAINED),
    ("json", '```json\n"abstain"\n```', GRADE, ABSTAINED),
    ("json", "abstain", ListType(DECISION), ABSTAINED),
    ("json", '{"grade": 3}', GRADE, {"grade": 3}),
    ("json", "[]", ListType(DECISION), ()),
    ("quotes", "abstain", SPANS, ABSTAINED),
    ("quotes", "none", SPANS, ()),
    ("tagged", "I abstain? <answer>abstain</answer>", DECISION, ABSTAINED),
    ("tagged", "abstain <answer>no</answer>", DECISION, "no"),
    ("pattern", "Grade: abstain", IntegerType(0, 4), ABSTAINED),
    ("pattern", "It varies.\nGrade: 3", IntegerType(0, 4), 3),
]


@pytest.mark.parametrize(("reader", "reply", "type_", "expected"), READ, ids=[f"{r[0]}: {r[1]}" for r in READ])
def test_replies(reader: str, reply: str, type_: Type, expected: Any) -> None:
    found = read(reader, reply, type_)
    assert found == expected and type(found) is type(expected)


UNREADABLE = [
    ("plain", "I cannot answer that.", DECISION, "refused"),
    ("plain", "I would not abstain here.", DECISION, "no_case"),
    ("plain", "", BooleanType(), "empty"),
    ("letter", "abstention", ChoiceType("options"), "no_letter"),
    ("json", "null", GRADE, "not_json|wrong_type"),
    ("tagged", "abstain", DECISION, "no_tag"),
]


@pytest.mark.parametrize(("reader", "reply", "type_", "reason"), UNREADABLE, ids=[r[1] or "empty" for r in UNREADABLE])
def test_what_is_no_abstention(reader: str, reply: str, type_: Type, reason: str) -> None:
    found = read(reader, reply, type_)
    assert isinstance(found, Unread) and re.fullmatch(reason, found.reason), found


def test_none_and_an_abstention_and_unread_are_three_things() -> None:
    assert ABSTAINED != None and None is not ABSTAINED  # noqa: E711
    assert not isinstance(ABSTAINED, Unread) and Unread("abstained", "") != ABSTAINED
    with pytest.raises(Misfit):
        AbstainType(DECISION).load(None, {})


def test_likelihood_reads_no_abstention() -> None:
    likelihood = find_reader("likelihood")
    assert likelihood is not None and likelihood.produces(DECISION) and not likelihood.produces(AbstainType(DECISION))


@pytest.mark.parametrize(
    "piece", ["abstain ", "abstain\n", "\n", " ", "answer: ", "```", "**", "final answer is ", "“"]
)
def test_time_is_linear_in_the_reply(piece: str) -> None:
    reply = (piece * (60_000 // len(piece) + 1))[:60_000]
    start = time.process_time()
    for reader, type_ in (
        (r, t) for r in ("plain", "letter", "json", "tagged", "number") for t in (DECISION, TextType())
    ):
        found = find_reader(reader)
        assert found is not None
        with suppress(KeyError):
            if found.produces(AbstainType(type_)):
                found.decode(reply, AbstainType(type_), ROW, defaults(found))
    assert time.process_time() - start < 10.0
