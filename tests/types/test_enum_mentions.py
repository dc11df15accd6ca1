"""An enum that data write in a sentence: which case it names, and when it names none or several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.types import EnumCase, EnumType, Misfit

DISEASES = ("unstable angina", "stable angina", "inguinal, hernia", "guillain-barré syndrome", "sle", "肺癌", "癌")
TYPE = EnumType("Disease", tuple(EnumCase(f"case_{n}", text) for n, text in enumerate(DISEASES)), written="mention")


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("The diagnosis result is Unstable angina.", 0),
        ("STABLE ANGINA", 1),
        ("The diagnosis result is Inguinal hernia.", 2),
        ("Guillain-Barré syndrome", 3),
        ("sleep; then SLE", 4),
        ("答案是肺癌。", 5),
        ("case_1", 1),
    ],
)
def test_the_case_that_a_sentence_names(text: str, case: int) -> None:
    assert TYPE.load(text, {}) == f"case_{case}"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("Something else.", "names none of case_0"),
        ("asleep", "names none"),
        ("sle or stable angina", "names several cases: case_1, case_4"),
        ("", "names none"),
        (4, "expected one of"),
        (None, "expected one of"),
    ],
)
def test_what_names_none_or_several_is_no_value(raw: object, told: str) -> None:
    with pytest.raises(Misfit, match=told):
        TYPE.load(raw, {})


@given(st.sampled_from(DISEASES[:5]), st.text("xyz .,;-\n", max_size=12), st.text("xyz .,;-\n", max_size=12))
def test_what_stands_around_it_makes_no_difference(text: str, before: str, behind: str) -> None:
    assert TYPE.load(f"{before} {text.upper()} {behind}", {}) == f"case_{DISEASES.index(text)}"


def test_without_it_a_sentence_is_no_case() -> None:
    plain = EnumType("Disease", TYPE.cases)
    assert plain == TYPE and plain.load("sle", {}) == "case_4"
    with pytest.raises(Misfit, match="expected one of"):
        plain.load("It is sle.", {})
