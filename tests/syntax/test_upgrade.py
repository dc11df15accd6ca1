"""Editions: a file of an older one becomes one of the newest, step by step; with one edition there is nothing to do."""

from __future__ import annotations

import pytest

from medspec.errors import InternalError
from medspec.syntax import tree
from medspec.syntax.editions import EDITIONS, Edition
from medspec.syntax.upgrade import upgrade
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Source

SPEC = "## About it.\nedition 2026  # why\n\nenum Colour { red  blue }\nrecord Row { id : text }\n"


def _renamed(old: str, new: str):
    def rewrite(module: tree.ModuleTree) -> tuple[Edit, ...]:
        found = [one.name for one in module.declarations if isinstance(one, tree.EnumDecl) and one.name.name == old]
        return tuple(Edit(name.place, new) for name in found)

    return rewrite


LATER = (*EDITIONS, Edition(2027, _renamed("Colour", "Tint")), Edition(2028), Edition(2029, _renamed("Tint", "Shade")))


def test_the_newest_stays_as_it_is() -> None:
    found = upgrade(Source("a.medspec", SPEC), Report())
    assert found is not None and (found.before, found.now, found.text) == (2026, EDITIONS[-1].year, SPEC)


def test_each_edition_on_the_way_makes_its_edits() -> None:
    report = Report()
    found = upgrade(Source("a.medspec", SPEC), report, LATER)
    assert found is not None and not report.found
    assert (found.before, found.now) == (2026, 2029)
    assert found.text == SPEC.replace("edition 2026", "edition 2029").replace("Colour", "Shade")


def test_a_file_of_an_edition_in_between_starts_there() -> None:
    text = SPEC.replace("2026", "2028")
    found = upgrade(Source("a.medspec", text), Report(), LATER)
    assert found is not None and found.text == text.replace("2028", "2029")


def test_what_cannot_be_read_is_reported_and_left() -> None:
    for text, code in ((SPEC.replace("{ id", "id"), "E0102"), (SPEC.replace("2026", "2031"), "E0105"), ("", "E0105")):
        report = Report()
        assert upgrade(Source("a.medspec", text), report, LATER) is None
        assert [one.code for one in report.found] == [code]


def test_a_rewrite_that_spoils_the_file_is_our_fault() -> None:
    with pytest.raises(InternalError, match="2027"):
        upgrade(Source("a.medspec", SPEC), Report(), (*EDITIONS, Edition(2027, _renamed("Colour", "{"))))
