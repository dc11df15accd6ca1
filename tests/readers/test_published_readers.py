"""Readers in the form published benchmarks use: several letters, labels that occur in a text."""

from __future__ import annotations

import json

import pytest
from shared_data import DATA, needs

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.types import EnumCase, EnumType, Misfit, SetType

OPTION = EnumType("Option", tuple(EnumCase(letter, letter) for letter in "ABCDE"))
HALLMARK = EnumType("Hallmark", (EnumCase("death", "resisting cell death"), EnumCase("growth", "growth suppressors")))


def read(reader_name: str, reply: str, item: EnumType) -> object:
    reader = find_reader(reader_name)
    assert reader is not None
    found = reader.decode(reply, SetType(item), {}, {})
    return found.reason if isinstance(found, Unread) else "".join(sorted(found))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("The right answer is B: Gout", "B"),
        ("Les bonnes réponses sont A: fer, D: zinc", "AD"),
        ("Les bonnes réponses est C: Le suc pancréatique", "C"),
        ("正しい答えは C: 頸静脈の怒張 です", "C"),
        ("正确答案是 D：24小时内", "D"),
        ("答案是BD", "BD"),
        ("Правильные ответ: A: да", "A"),
        ("Answer: A and D.", "AD"),
        ("The answer is (B)", "B"),
        ("(B)", "B"),
        ("ABD", "ABD"),
        ("A, C", "AC"),
        ("The right answer is A: hepatitis B: chronic", "A"),
        ("Answer: A patient with gout", "no_letter"),
        ("A patient with gout", "no_letter"),
        ("The right answer is F: none", "not_an_option"),
        ("", "empty"),
        ("I cannot answer medical questions.", "refused"),
        ("None", ""),
    ],
)
def test_letters(reply: str, expected: str) -> None:
    assert read("letters", reply, OPTION) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Resisting Cell Death, evading growth suppressors", "deathgrowth"),
        ("evading growth suppressors", "growth"),
        ("none of them", ""),
        ("  ", "empty"),
        ("I cannot help with that.", "refused"),
    ],
)
def test_mentions(reply: str, expected: str) -> None:
    assert read("mentions", reply, HALLMARK) == expected


def test_cases_inside_others_are_refused() -> None:
    reader = find_reader("mentions")
    assert reader is not None and reader.check is not None
    nested = EnumType("Lung", (EnumCase("one", "pneumonia"), EnumCase("two", "viral pneumonia")))
    problem = reader.check(SetType(nested), {})
    assert problem is not None and problem.title == "`mentions` cannot tell `pneumonia` from `viral pneumonia`"
    assert reader.check(SetType(HALLMARK), {}) is None


@needs("meds_bench")
def test_golds_of_real_rows_are_letters() -> None:
    rows = json.loads((DATA / "meds_bench/artifact_examples.json").read_text())
    type_ = SetType(OPTION, written="letters")
    found = {
        task: "".join(type_.load(rows[task]["output"], {}))
        for task in ("task58", "task59", "task60", "task61", "task129", "task122")
    }
    assert found == {"task58": "D", "task59": "C", "task60": "C", "task61": "A", "task129": "B", "task122": "A"}


def test_a_gold_that_names_nothing_is_a_misfit() -> None:
    with pytest.raises(Misfit, match="no letter before a colon"):
        SetType(OPTION, written="letters").load("yes", {})
    with pytest.raises(Misfit, match="names no case"):
        SetType(HALLMARK, written="mentions").load("inflammation", {})
