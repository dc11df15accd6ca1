"""The pages of this folder are documentation, and every spec in them is checked.

A page is Markdown. The specs (```` ```medspec ````) of one section, between two headings, are one module; a spec before the
first `##` heading begins every module of the page. A line that is wrong ends in a comment with the codes it gives, and no
other line may give any (what a section does not use of the page's opening is no mistake):

    metrics { primary macro_f1 }   # E0501

The examples of a section without mistakes are run, so a page says what a reply is worth and is held to it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medspec.check import check_text
from medspec.run.examples import run_examples
from medspec.text.render import render_one

HERE = Path(__file__).parent
_HEADING = re.compile(r"^##+ (.*)$")
_EXPECTED = re.compile(r"#((?: [EW]\d{4})+)\s*$")


def sections_of(page: str) -> dict[str, tuple[str, int]]:
    """The module of each section that has specs, by its heading, and the number of its lines that open every module."""
    heading, inside = "", False
    found: dict[str, list[str]] = {"": []}
    for line in page.splitlines():
        title = _HEADING.match(line)
        if title and not inside:
            heading = title[1]
            assert heading not in found, f"two sections are called {heading}"
            found[heading] = []
        elif inside and line == "```":
            inside = False
        elif inside:
            found[heading].append(line)
        elif line == "```medspec":
            inside = True
    opening = found.pop("")
    return {name: ("\n".join([*opening, *lines]) + "\n", len(opening)) for name, lines in found.items() if lines}


SECTIONS = [
    (page.name, heading, module, opening)
    for page in sorted(HERE.glob("*.md"))
    for heading, (module, opening) in sections_of(page.read_text("utf-8")).items()
]


@pytest.mark.parametrize(
    ("module", "opening"), [section[2:] for section in SECTIONS], ids=[f"{page}: {head}" for page, head, *_ in SECTIONS]
)
def test_a_section_means_what_it_says(module: str, opening: int) -> None:
    expected = [
        (number, code)
        for number, line in enumerate(module.splitlines(), start=1)
        if (found := _EXPECTED.search(line))
        for code in found[1].split()
    ]
    checked = check_text(module)
    given = [
        (one.labels[0].place.line, one.code)
        for one in checked.diagnostics
        if one.code != "W0202" or one.labels[0].place.line > opening
    ]
    assert sorted(given) == sorted(expected), "\n\n".join(render_one(one) for one in checked.diagnostics)
    for result in run_examples(checked.spec):
        assert result.passed, (result.example.name, result.problems)


def test_pages_are_there_and_have_examples() -> None:
    assert SECTIONS
    assert any("example" in module for _, _, module, _ in SECTIONS)


def test_a_page_is_taken_apart_at_its_headings() -> None:
    page = "# T\n```medspec\na\n```\n## One\n```medspec\nb\n```\ntext\n```medspec\nc\n```\n## Two\n```sh\nx\n```\n## Three\n"
    assert sections_of(page) == {"One": ("a\nb\nc\n", 1)}
