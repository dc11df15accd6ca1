"""Conversations that data hold as one text: turns by who speaks, and no line that is lost or put into another mouth."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import DATA, needs

from medspec.check import check_text
from medspec.types import EnumCase, EnumType, TurnsType
from medspec.types.base import Misfit
from medspec.types.turns import turn_of

SPEAKERS = EnumType(
    "Speaker",
    (
        EnumCase("doctor", "Doctor"),
        EnumCase("patient", "Patient"),
        EnumCase("family", "Guest_family"),
        EnumCase("family_2", "Guest_family_2"),
        EnumCase("clinician", "Guest_clinician"),
    ),
)
TALK = TurnsType(item=turn_of(SPEAKERS), written="lines")


def test_each_line_is_a_turn_of_who_speaks() -> None:
    text = "Doctor: Take these: two a day.\r\n\n  patient :When?\nGuest_family_2: At noon\n"
    assert TALK.load(text, {}) == (
        {"role": "doctor", "text": "Take these: two a day."},
        {"role": "patient", "text": "When?"},
        {"role": "family_2", "text": "At noon"},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Doctor: Hello.\nNurse: Hello.",
            "line 2 begins with none of Doctor, Patient, .* and a colon: 'Nurse: Hello.'",
        ),
        ("Hello.", "line 1 begins with none of"),
        ("Doctors: Hello.", "line 1 begins with none of"),
        ([{"role": "doctor", "text": "Hello."}], "expected one text"),
    ],
)
def test_what_nobody_says_is_a_fault_of_the_data(text: object, said: str) -> None:
    with pytest.raises(Misfit, match=said):
        TALK.load(text, {})


said = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(SPEAKERS.cases), said), max_size=5))
def test_what_is_written_line_by_line_is_read_back(turns: list[tuple[EnumCase, str]]) -> None:
    text = "\n".join(f"{case.text}: {words}" for case, words in turns)
    assert TALK.load(text, {}) == tuple({"role": case.name, "text": words} for case, words in turns)


@needs("mts_dialog/MTS-Dialog-TestSet-2-MEDIQA-Sum-2023.csv")
def test_a_published_set_of_dialogues_is_read_whole() -> None:
    """Every line of MTS-Dialog comes back as it is written, with the fifth speaker whom only two lines name."""
    path = DATA / "mts_dialog/MTS-Dialog-TestSet-2-MEDIQA-Sum-2023.csv"
    with path.open(newline="", encoding="utf-8-sig") as file:
        dialogues = [row["dialogue"] for row in csv.DictReader(file)]
    assert len(dialogues) == 200
    for dialogue in dialogues:
        lines = [" ".join(line.split()) for line in dialogue.splitlines() if line.strip()]
        turns = TALK.load(dialogue, {})
        assert [" ".join(f"{SPEAKERS.text_of(turn['role'])}: {turn['text']}".split()) for turn in turns] == lines
    fewer = TurnsType(
        item=turn_of(EnumType("Speaker", tuple(c for c in SPEAKERS.cases if c.name != "family_2"))), written="lines"
    )
    with pytest.raises(Misfit, match="Guest_family_2"):
        [fewer.load(dialogue, {}) for dialogue in dialogues]


def test_speakers_are_the_cases_of_an_enum() -> None:
    spec = "edition 2026\nenum Speaker { doctor  patient }\nrecord Visit { id : text  talk : TYPE }\n"
    said = {
        written: [
            (one.code, one.title) for one in check_text(spec.replace("TYPE", written)).diagnostics if one.is_error
        ]
        for written in (
            "turns<Speaker> from lines",
            "turns from lines",
            "turns<Speaker>",
            "turns<text>",
            "turns<Nobody>",
        )
    }
    refused = ("E0301", "those who speak are the cases of an enum")
    missing = ("E0201", "cannot find a type named `Nobody`")
    assert list(said.values()) == [[], [], [], [refused], [missing]]


def test_two_conversations_of_different_speakers_do_not_fit() -> None:
    spec = """edition 2026
enum Speaker { doctor  patient }
record Visit { id : text  talk : turns<Speaker> from lines  gold : bool }
dataset visits : Visit { source = jsonl("visits.jsonl")  splits = [test] }
prompt show(talk: turns) { user "{% for turn in talk %}{{ turn.role }}: {{ turn.text }}{% endfor %} yes or no?" }
import std.metrics { accuracy }
task visit { data = visits.test  prompt = show  answer bool via plain  metrics { primary accuracy } }
"""
    (found,) = [one for one in check_text(spec).diagnostics if one.is_error]
    assert "turns<Speaker>" in str(found.labels)
