"""Spans written as mentions with the offset at which they begin."""

from __future__ import annotations

from typing import Any

import pytest

from medspec.types import EnumCase, EnumType, Misfit, Span, SpanType

KIND = EnumType("Kind", (EnumCase("drug", "drug"), EnumCase("test", "test")))
ROW = {"note": "服b1和hiv，b1"}


@pytest.mark.parametrize("offset", ["1", 1])
def test_upper_case_and_further_keys_are_passed_over(offset: Any) -> None:
    raw = {"mention": "B1", "offset": offset, "type": "drug", "guid": "None"}
    assert SpanType(KIND, "note", "mentions").load(raw, ROW) == Span(1, 3, "drug")
    assert SpanType(None, "note", "mentions").load(raw, ROW) == Span(1, 3)
    assert SpanType(KIND, "note", "mentions").load({**raw, "offset": "8"}, ROW) == Span(8, 10, "drug")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"offset": "2"}, "the mention 'b1' does not stand at 2, where the text is '1和'"),
        ({"offset": "9"}, "the mention 'b1' does not stand at 9, where the text is '1'"),
        ({"offset": "-1"}, "`offset` is a whole number from 0"),
        ({"offset": "²"}, "`offset` is a whole number from 0"),
        ({"offset": True}, "`offset` is a whole number from 0"),
        ({"mention": ""}, "the mention is empty, or no text"),
        ({"type": None}, "."),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Misfit, match=said):
        SpanType(KIND, "note", "mentions").load({"mention": "b1", "offset": "1", "type": "drug", **changed}, ROW)


@pytest.mark.parametrize("key", ["mention", "offset", "type"])
def test_each_key_is_needed(key: str) -> None:
    raw = {"mention": "b1", "offset": "1", "type": "drug"}
    raw.pop(key)
    with pytest.raises(Misfit, match="expected a mention: an object with mention, offset and type"):
        SpanType(KIND, "note", "mentions").load(raw, ROW)
