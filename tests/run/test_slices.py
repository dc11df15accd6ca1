"""Slices: which rows are in which group, and that a group's score is the score of its rows."""

from __future__ import annotations

import pytest
from sklearn.metrics import accuracy_score

from medspec.metrics.base import Batch
from medspec.plan.nodes import Condition, Interval, Score, SliceRule
from medspec.run.samples import score_samples
from medspec.run.slices import NONE, groups_of, names_text, score_slices, value_at
from medspec.types import EnumCase, EnumType, FieldType, OptionalType, RecordType, TextType

ROWS = [
    {"text": "one two three", "patient": {"age": 70, "sex": "f"}, "flag": True},
    {"text": "one", "patient": {"age": 40, "sex": "m"}, "flag": False},
    {"text": "", "patient": {"age": None, "sex": "f"}, "flag": True},
    {"text": "one two", "patient": None, "flag": False},
]
SEX = EnumType("Sex", (EnumCase("f", "f"), EnumCase("m", "m")))
ACCURACY = Score(label="accuracy", metric="accuracy", settings=(), version=1, primary=True)


def when(*conditions):
    found = tuple(Condition(path=path, op=op, value=value) for path, op, value in conditions)
    return SliceRule(name="group", when=found)


def test_one_group_for_each_value():
    assert groups_of(SliceRule(name="sex", by="patient.sex"), ROWS) == {NONE: [3], "f": [0, 2], "m": [1]}
    assert groups_of(SliceRule(name="flag", by="flag"), ROWS) == {"false": [1, 3], "true": [0, 2]}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (when(("patient.age", ">=", 65)), [0]),
        (when(("patient.age", "<", 65)), [1]),  # a row without an age is in no group
        (when(("text.words", ">", 1)), [0, 3]),
        (when(("text.length", "==", 0)), [2]),
        (when(("patient.sex", "==", "f"), ("text.words", ">=", 3)), [0]),
        (when(("flag", "!=", True)), [1, 3]),
    ],
)
def test_rows_for_which_all_conditions_hold(rule, expected):
    assert groups_of(rule, ROWS).get("group", []) == expected


def test_a_value_that_is_not_there():
    assert value_at(ROWS[3], "patient.age") is None


def test_a_groups_score_is_that_of_its_rows():
    rows = [{"sex": "fm"[number % 2]} for number in range(40)]
    golds = ["fm"[number % 2] for number in range(40)]
    answers = ["fm"[(number // 3) % 2] for number in range(40)]
    found = score_slices(
        (SliceRule(name="sex", by="sex"),),
        rows,
        (ACCURACY,),
        [Batch(SEX, answers, golds)],
        Interval(),
        unread_policy="worst",
        smallest=1,
    )
    for sex in "fm":
        own = [index for index in range(40) if rows[index]["sex"] == sex]
        expected = accuracy_score([golds[i] for i in own], [answers[i] for i in own])
        assert found["sex"][sex]["metrics"]["accuracy"]["value"] == pytest.approx(expected)
        assert found["sex"][sex]["rows"] == len(own)


def test_small_groups_are_counted_and_not_shown():
    rows = [{"sex": "f"}] * 5 + [{"sex": "m"}]
    batch = Batch(SEX, ["f"] * 6, ["f"] * 5 + ["m"])
    rule = SliceRule(name="sex", by="sex")
    found = score_slices((rule,), rows, (ACCURACY,), [batch], Interval(), unread_policy="worst", smallest=2)
    assert found["sex"]["m"] == {"rows": 1}
    assert "metrics" in found["sex"]["f"]


def test_draws_of_one_row_are_averaged_before_rows_are():
    golds = ["f", "f", "m", "m"]
    batches = [Batch(SEX, draw, golds) for draw in (["f", "m", "m", "f"], ["f", "f", "m", "f"], ["f", "m", "f", "f"])]
    found = score_samples((ACCURACY,), batches, Interval(), unread_policy="worst").metrics["accuracy"]
    assert found["samples"] == [0.5, 0.75, 0.25]
    assert found["value"] == pytest.approx(0.5)
    assert found["spread"] == pytest.approx(0.25)  # the sample standard deviation of 0.5, 0.75 and 0.25
    assert found["rows"] == 4
    assert found["interval"] == "bootstrap"  # means of draws are no proportions of rows


def test_private_rows_do_not_name_groups_by_their_text():
    """A town may be all it takes to know who somebody is; a sex from a fixed list is not."""
    patient = RecordType("Patient", (FieldType("town", TextType()), FieldType("sex", SEX)))
    record = RecordType("Row", (FieldType("town", TextType()), FieldType("patient", OptionalType(patient))))
    by = {path: SliceRule(name="slice", by=path) for path in ("town", "patient.town", "patient.sex", "town.words")}
    assert [path for path, rule in by.items() if names_text(rule, record)] == ["town", "patient.town"]
    rows = [{"town": "Oslo"}, {"town": "Bergen"}, {"town": "Oslo"}]
    batch = Batch(SEX, ["f"] * 3, ["f"] * 3)
    found = score_slices(
        (by["town"],),
        rows,
        (ACCURACY,),
        [batch],
        Interval(),
        unread_policy="worst",
        smallest=1,
        unnamed=frozenset(["slice"]),
    )
    assert {name: group["rows"] for name, group in found["slice"].items()} == {"group 1": 1, "group 2": 2}
