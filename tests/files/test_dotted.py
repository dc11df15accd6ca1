"""Paths into raw values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.files.dotted import ABSENT, Gap, did_you_mean, find_gap, look_up, name_list

ROW = {
    "id": 7,
    "meta": {"topic": "cardiology", "none": None},
    "options": {"A": "aspirin", "B": "beta blocker"},
    "outputs": ["first", "second"],
    "turns": [{"text": "hello"}, {"text": "goodbye"}],
    "a.b": "literal",
    "a": {"b": "nested", "b.c": "half", "c": "c"},
    "x": {"y": 1},
    "x.y": {"z": 2},
    "0": "zero",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("id", 7),
        ("meta.topic", "cardiology"),
        ("meta.none", None),
        ("options.B", "beta blocker"),
        ("outputs.0", "first"),
        ("outputs.1", "second"),
        ("turns.1.text", "goodbye"),
        ("a.b", "literal"),
        ("a.b.c", "half"),
        ("a.c", "c"),
        ("x.y", {"z": 2}),
        ("x.y.z", 2),
        ("0", "zero"),
        ("outputs.2", ABSENT),
        ("outputs.-1", ABSENT),
        ("outputs.²", ABSENT),
        ("outputs.first", ABSENT),
        ("outputs." + "9" * 5000, ABSENT),
        ("id.x", ABSENT),
        ("meta.none.x", ABSENT),
        ("options.C", ABSENT),
        ("missing", ABSENT),
        ("", ABSENT),
        (".id", ABSENT),
        ("id.", ABSENT),
    ],
)
def test_a_path_leads_to_its_value(path: str, expected: Any) -> None:
    assert look_up(ROW, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("options.C", Gap("options", "C", ("A", "B"))),
        ("outputs.2", Gap("outputs", "2", None)),
        ("outputs.2.text", Gap("outputs", "2.text", None)),
        ("turns.0.txet", Gap("turns.0", "txet", ("text",))),
        ("meta.none.x", Gap("meta.none", "x", None)),
        ("x.y.q", Gap("x.y", "q", ("z",))),
        ("missing.deeper", Gap("", "missing.deeper", tuple(ROW))),
    ],
)
def test_a_gap_is_where_the_path_stops(path: str, expected: Gap) -> None:
    assert look_up(ROW, path) is ABSENT
    assert find_gap(ROW, path) == expected


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab.01", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.01", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES, st.text("ab.01", max_size=6))
def test_every_path_finds_a_value_or_a_gap(value: Any, path: str) -> None:
    if look_up(value, path) is ABSENT:
        gap = find_gap(value, path)
        assert path.endswith(gap.name)
        if gap.parent:
            assert path == f"{gap.parent}.{gap.name}"
    else:
        assert look_up({"top": value}, f"top.{path}") == look_up(value, path)


@given(JSON_VALUES)
def test_every_value_is_reached_by_the_path_to_it(value: Any) -> None:
    # Without dots in keys the path to a value has one meaning.
    def check(here: Any, path: list[str]) -> None:
        if path:
            assert look_up(value, ".".join(path)) == here
        entries = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        for key, inner in entries:
            if "." not in str(key) and key != "":
                check(inner, [*path, str(key)])

    keys = isinstance(value, dict) and any("." in key for key in value)
    if not keys and not _dotted_inside(value):
        check(value, [])


def _dotted_inside(value: Any) -> bool:
    if isinstance(value, dict):
        return any("." in key or key == "" or _dotted_inside(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_dotted_inside(inner) for inner in value)


def test_long_lists_of_names_are_cut() -> None:
    assert name_list([]) == "none"
    assert name_list(["id"]) == "`id`"
    assert name_list([str(number) for number in range(1234)]).endswith(", `29` and 1,204 more")
    assert did_you_mean("quesiton", ["id", "question"]) == "; did you mean `question`?"
    assert did_you_mean("quesiton", ["id", "text"]) == ""
    assert did_you_mean("", ["id"]) == ""
