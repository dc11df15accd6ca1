"""The long form of a code."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.codes import CODES
from medspec.codes.base import Code, module
from medspec.codes.explain import WIDTH, explain_code

GOLDEN = Path(__file__).parent / "explained.txt"


def test_all_pages(golden):
    """All pages in one file, which is the catalogue as people read it."""
    line = "\n\n" + "-" * WIDTH + "\n\n"
    golden(GOLDEN, line.join(explain_code(code) for code in CODES) + "\n")


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_a_page_fits_its_width_and_names_what_it_must(code):
    page = explain_code(code.code.lower())
    lines = page.split("\n")
    assert lines[0] == f"{code.code}  {code.title}"
    assert all(len(line) <= WIDTH and line == line.rstrip() for line in lines)
    assert "wrong" in page and "right" in page and page.endswith("Since edition 2026.")
    assert all(related in lines[-1] for related in code.related)


def test_short_examples_stand_side_by_side():
    code = Code(code="E9999", title="x", why="y", wrong=module("enum A { b }"), right=module("enum A { b  c }"))
    assert "\nwrong            right\n  enum A { b }     enum A { b  c }\n" in explain_code(code)


def test_long_examples_stand_below_each_other():
    wrong, right = f"enum {'A' * 60} {{ b }}", f"enum {'A' * 60} {{ c }}"
    code = Code(code="E9999", title="x", why="y", wrong=module(wrong), right=module(right))
    assert f"\nwrong\n  {wrong}\n\nright\n  {right}\n" in explain_code(code)


def test_an_unknown_code_is_refused():
    with pytest.raises(LookupError, match="E9876"):
        explain_code("E9876")
