"""Specs in the one style, as they are meant to look. Those in `messy/` become the file of the same name beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medspec.syntax.format import format_source
from medspec.text.diagnostic import Report
from medspec.text.render import render
from medspec.text.source import Source
from medspec.text.spec_files import read_spec

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"
FORMATTED = sorted(HERE.glob("*.medspec"))
MESSY = sorted((HERE / "messy").glob("*.medspec"))


def formatted(path: Path) -> str:
    report = Report()
    source = read_spec(path, report)
    text = None if source is None else format_source(source, report)
    assert text is not None, render(report.diagnostics)
    return text


@pytest.mark.parametrize("path", MESSY, ids=lambda path: path.stem)
def test_a_messy_spec_becomes_tidy(path, golden):
    golden(HERE / path.name, formatted(path))


@pytest.mark.parametrize("path", FORMATTED, ids=lambda path: path.stem)
def test_a_tidy_spec_stays_as_it_is(path):
    assert formatted(path) == path.read_text(encoding="utf-8")


def test_the_example_of_the_documentation_is_tidy():
    page = (SPECS.parent / "docs" / "formatting.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```\n(# The edition.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert format_source(Source("formatting.md", example), Report()) == example


def test_the_specs_of_the_project_are_tidy():
    untidy = [path for path in sorted(SPECS.rglob("*.medspec")) if formatted(path) != path.read_text(encoding="utf-8")]
    assert not untidy, "run medspec fmt"
