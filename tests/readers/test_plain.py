"""`plain`, reply by reply: texts, numbers, yes and no, cases."""

from __future__ import annotations

from typing import Any

import pytest

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.types import BooleanType, EnumCase, EnumType, FloatType, IntegerType, TextType, Type

PLAIN = find_reader("plain")
assert PLAIN is not None

DECISION = EnumType("Decision", tuple(EnumCase(name, name) for name in ("yes", "no", "maybe")))
FINDING = EnumType(
    "Finding",
    (EnumCase("m", "malignant"), EnumCase("b", "benign"), EnumCase("s1", "stage I"), EnumCase("s2", "stage II")),
)
TWINS = EnumType("Twins", (EnumCase("lower", "kelvin"), EnumCase("upper", "Kelvin"), EnumCase("kelvin", "other")))


def read(reply: str, type_: Type) -> Any:
    """The value, or the reason why none was read."""
    found = PLAIN.decode(reply, type_, {}, {})
    return found.reason if isinstance(found, Unread) else found


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("yes", "yes"),
        ("Yes.", "yes"),
        ("**YES**", "yes"),
        ("'maybe'", "maybe"),
        ("ｙｅｓ。", "yes"),
        ("<think>no</think> yes", "yes"),
        ("Yes, because the trial was positive.", "yes"),
        ("No. The results are not conclusive.", "no"),
        ("Yes, there was no significant difference between the groups", "yes"),
        ("maybe\n\nThe results are mixed, and no conclusion is possible.", "maybe"),
        ("The answer is: **No**", "no"),
        ("The results point into one direction in all four of the trials that were seen.\nAnswer: maybe", "maybe"),
        ("答案：yes", "yes"),
        ("I think it is maybe", "maybe"),
        ("I would say no.", "no"),
        ("yes or no", "ambiguous"),
        ("Yes/no", "ambiguous"),
        ("yes, maybe", "ambiguous"),
        ("Somewhere between yes and maybe", "ambiguous"),
        ("No evidence", "no_case"),
        ("There is no evidence for this", "no_case"),
        ("It is not yes", "no_case"),
        ("ANSWER: no evidence was found in this trial of four hundred patients with the disease", "no_case"),
        ("It might be, and then again it might not be; further studies with more patients: yes, needed", "no_case"),
        ("", "empty"),
        ("<think>yes", "empty"),
        ("I cannot answer medical questions.", "refused"),
    ],
)
def test_a_decision(reply: str, expected: str) -> None:
    assert read(reply, DECISION) == expected


SPACED = EnumType(
    "Spaced", (EnumCase("inguinal_hernia", "inguinal, hernia"), EnumCase("a_b", "c"), EnumCase("d", "A B"))
)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("The diagnosis result is Inguinal hernia.", "inguinal_hernia"),
        ("inguinal, hernia", "inguinal_hernia"),
        ("inguinal_hernia", "inguinal_hernia"),
        ("a b", "d"),  # the text of another case
        ("a_b", "a_b"),
    ],
)
def test_a_name_in_words(reply: str, expected: str) -> None:
    assert PLAIN.decode(reply, SPACED, {}, {}) == expected


@pytest.mark.parametrize(
    ("reply", "type_", "expected"),
    [
        ("It is malignant", FINDING, "m"),
        ("It is not malignant", FINDING, "no_case"),
        ("less likely malignant", FINDING, "no_case"),
        ("malignant and benign", FINDING, "ambiguous"),
        ("stage I", FINDING, "s1"),
        ("Stage II disease", FINDING, "s2"),
        ("stage III", FINDING, "no_case"),
        ("s2", FINDING, "s2"),
        ("premalignant", FINDING, "no_case"),
        # texts that differ in case only are told apart when the reply is exact, and a text goes before a name
        ("kelvin", TWINS, "lower"),
        ("Kelvin", TWINS, "upper"),
        ("KELVIN", TWINS, "ambiguous"),
    ],
)
def test_a_case(reply: str, type_: EnumType, expected: str) -> None:
    assert read(reply, type_) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("yes", True),
        ("No.", False),
        ("TRUE", True),
        ("It is true", True),
        ("false, since", False),
        ("是", True),
        ("是的。", True),
        ("是，因为", True),
        ("否", False),
        ("不是", False),
        ("是否", "not_yes_or_no"),
        ("not true", "not_yes_or_no"),
        ("True or false", "ambiguous"),
        ("1", "not_yes_or_no"),
    ],
)
def test_yes_or_no(reply: str, expected: bool | str) -> None:
    assert (
        read(reply, BooleanType()) is expected if isinstance(expected, bool) else read(reply, BooleanType()) == expected
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("7", 7),
        ("**7**.", 7),
        ("The score is 7", 7),
        ("7 points", 7),
        ("about 7", 7),
        ("+7", 7),
        ("２", 2),
        ("3.0", 3),
        ("1e1", 10),
        ("3.5", "not_whole"),
        ("-1", "out_of_range"),
        ("11", "out_of_range"),
        ("9" * 5000, "out_of_range"),
        ("1e99999999", "out_of_range"),
        ("1 or 2", "ambiguous"),
        ("5-6", "ambiguous"),
        ("5–6", "ambiguous"),
        ("7/10", "ambiguous"),
        ("3,5", "ambiguous"),
        ("1.2.3", "ambiguous"),
        ("10^2", "ambiguous"),
        ("10 mg", "other_unit"),
        ("7%", "other_unit"),
        ("more than 5", "not_exact"),
        (">5", "not_exact"),
        ("≥ 3", "not_exact"),
        ("seven", "no_number"),
        ("B12", "no_number"),
        ("COVID-19", "no_number"),
        ("the 2nd", "no_number"),
        ("I'm unable to provide a diagnosis", "refused"),
        ("", "empty"),
    ],
)
def test_a_whole_number(reply: str, expected: int | str) -> None:
    found = read(reply, IntegerType(0, 10))
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("reply", "unit", "expected"),
    [
        ("12", "mg/dL", 12.0),
        ("12.5 mg/dL", "mg/dL", 12.5),
        ("12.5mg/dl.", "mg/dL", 12.5),
        ("12.5 mg per dL", "mg/dL", 12.5),
        ("It is 12 mg/dL (normal)", "mg/dL", 12.0),
        ("12 in this patient", "mg/dL", 12.0),
        ("1,250.5 mg/dL", "mg/dL", 1250.5),
        ("1\u202f250 mg/dL", "mg/dL", 1250.0),
        ("minus 5 mg/dL", "mg/dL", -5.0),
        ("\u22125", "mg/dL", -5.0),
        ("12 mmol/L", "mg/dL", "other_unit"),
        ("12 mg", "mg/dL", "other_unit"),
        ("12 milligrams", "mg/dL", "other_unit"),
        ("12 mg/dL or 0.7 mmol/L", "mg/dL", "ambiguous"),
        ("5 ± 2 mg/dL", "mg/dL", "ambiguous"),
        ("12 mg/dL", "mg", "other_unit"),
        ("1e999", "mg", "out_of_range"),
        ("50%", "%", 50.0),
        ("50 percent", "%", 50.0),
        ("5 mcg", "µg", 5.0),
        ("5 \u03bcg", "µg", 5.0),
        ("4.5 x10^9/L", "10^9/L", 4.5),
        ("60 mL/min/1.73 m2", "mL/min/1.73 m²", 60.0),
        ("1 day", "days", 1.0),
        ("3 days", "day", 3.0),
        ("120/80 mmHg", "mmHg", "ambiguous"),
        (".5", None, 0.5),
        ("1e-07", None, 1e-07),
        ("3 days", None, 3.0),
        ("2.5 mg", None, "other_unit"),
        ("50%", None, "other_unit"),
        ("5 U", None, "other_unit"),
    ],
)
def test_a_number_with_a_unit(reply: str, unit: str | None, expected: float | str) -> None:
    assert read(reply, FloatType(unit=unit)) == expected


def test_the_ends_of_a_range_belong_to_it() -> None:
    share = FloatType(0.0, 1.0)
    assert [read(reply, share) for reply in ("0", "1.0", "1.001", "-0.1")] == [0.0, 1.0, "out_of_range", "out_of_range"]


def test_a_text_is_kept_as_it_is() -> None:
    assert read("  **Ｂ.** \n two lines \n", TextType()) == "**Ｂ.** \n two lines"
    assert read("<think>\nno\n</think>\n\nFever.", TextType()) == "Fever."
    assert read("I cannot help with that.", TextType()) == "I cannot help with that."
    assert read(" \n", TextType()) == "empty"


@pytest.mark.parametrize(
    ("type_", "sentence"),
    [
        (DECISION, "Answer with exactly one of: yes, no, maybe."),
        (BooleanType(), "Answer with yes or no and nothing else."),
        (IntegerType(0, 10), "Answer with one whole number from 0 to 10 and nothing else."),
        (FloatType(unit="mg/dL"), "Answer with one number in mg/dL and nothing else."),
        (TextType(), "Answer with the text itself and nothing else."),
        (TextType(300), "Answer in at most 300 words."),
    ],
)
def test_the_answer_format(type_: Type, sentence: str) -> None:
    assert PLAIN.answer_format(type_, {}) == sentence
