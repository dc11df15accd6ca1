"""The pages of this folder are documentation, and every spec in them is checked.

A page is Markdown. The specs (```` ```medspec ````) of one section, between two headings, are one module; a spec before the
first `##` heading begins every module of the page. A line that is wrong ends in a comment with the codes it gives, and no
other line may give any (what a section does not use of the page's opening is no mistake); it may say the words, too:

    metrics { primary macro_f1 }   # E0501
    enum Verdict { guilty }        # E0308 "`Verdict` has fewer than two cases"

Below a line such as `` `shared/rows.medspec`: `` a spec is that file of a folder, and the files of a section can import each
other. Rows of data (```` ```json ````, one per line) and a text (```` ```text ````) say what is sent for the first of the rows by
the last task of the section.

The examples of a section without mistakes are run, so a page says what a reply is worth and is held to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from planned_specs import run_plan, write_lines
from watched_models import Watched

from medspec.check import Checked, check_paths
from medspec.plan.lower import lower
from medspec.run.examples import run_examples
from medspec.text.render import render_one

HERE = Path(__file__).parent
MAIN = "main.medspec"
_HEADING = re.compile(r"^##+ (.*)$")
_FILE = re.compile(r"^`([\w/]+\.medspec)`:$")
_EXPECTED = re.compile(r'#((?: [EW]\d{4})+)(?: "(.*)")?\s*$')


@attrs.define
class Section:
    """The modules of one section by file, the number of lines that open the main one, rows, and what is sent for them."""

    opening: int = 0
    files: dict[str, list[str]] = attrs.field(factory=dict)
    rows: list[str] = attrs.field(factory=list)
    sent: list[str] = attrs.field(factory=list)


def sections_of(page: str) -> dict[str, Section]:
    """The sections of a page that show something, by heading."""
    heading, file, inside = "", MAIN, ""
    found: dict[str, Section] = {"": Section()}
    for line in page.splitlines():
        title = _HEADING.match(line)
        if title and not inside:
            heading = title[1]
            assert heading not in found, f"two sections are called {heading}"
            found[heading] = Section()
        elif inside and line == "```":
            inside, file = "", MAIN
        elif inside in ("medspec", "json", "text"):
            section = found[heading]
            {"json": section.rows, "text": section.sent}.get(inside, section.files.setdefault(file, [])).append(line)
        elif line.startswith("```") and not inside:
            inside = line[3:]
        elif name := _FILE.match(line):
            file = name[1]
    opening = found.pop("").files.get(MAIN, [])
    shown = {name: section for name, section in found.items() if section.files}
    for section in shown.values():
        section.files = {name: lines for name, lines in section.files.items() if lines}
        if MAIN in section.files:
            section.opening = len(opening)
            section.files[MAIN] = [*opening, *section.files[MAIN]]
    return {name: section for name, section in shown.items() if section.files}


SECTIONS = {
    f"{page.name}: {heading}": section
    for page in sorted(HERE.glob("*.md"))
    for heading, section in sections_of(page.read_text("utf-8")).items()
}


def checked(section: Section, folder: Path) -> Checked:
    for name, lines in section.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return check_paths([folder], root=folder)


def announced(section: Section, folder: Path) -> Iterator[tuple[str, int, str, str | None]]:
    """File, line, code and title (or None) of everything that a section says is wrong with it."""
    for name, lines in section.files.items():
        for number, line in enumerate(lines, start=1):
            if found := _EXPECTED.search(line):
                yield from ((str(folder / name), number, code, found[2]) for code in found[1].split())


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_means_what_it_says(name: str, tmp_path: Path) -> None:
    holds_what_it_says(SECTIONS[name], tmp_path)


def holds_what_it_says(section: Section, folder: Path) -> None:
    found = checked(section, folder / "specs")
    expected = list(announced(section, folder / "specs"))
    given = [
        (one.place.source.path, one.place.line, one.code, one.title)
        for one in found.diagnostics
        if one.code != "W0202" or one.place.line > section.opening
    ]
    said = "\n\n".join(render_one(one) for one in found.diagnostics)
    assert sorted(one[:3] for one in given) == sorted(one[:3] for one in expected), said
    assert all(one in given for one in expected if one[3] is not None), said
    for result in run_examples(found.spec):
        assert result.passed, (result.example.name, result.problems)
    if section.sent:
        assert sent_by_last_task(found, section, folder).splitlines() == section.sent


def sent_by_last_task(found: Checked, section: Section, folder: Path) -> str:
    """The prompt of the first row, as a model without a chat template gets it."""
    plan = lower(found.spec, [list(found.spec.tasks)[-1]])
    write_lines(folder / "data" / plan.scans[0].source.path, [json.loads(line) for line in section.rows])
    model: Any = Watched(reply=lambda request: "")
    run_plan(plan, folder / "out", model, data=folder / "data")
    return str(model.requests[0].plain_prompt)


def test_pages_are_there_and_have_examples() -> None:
    assert SECTIONS
    assert any("example" in line for section in SECTIONS.values() for line in section.files.get(MAIN, []))


def test_a_page_is_taken_apart_at_its_headings() -> None:
    page = (
        "# T\n```medspec\na\n```\n## One\n```medspec\nb\n```\ntext\n```medspec\nc\n```\n## Two\n```sh\nx\n```\n## Three\n"
        "## Four\n`d/e.medspec`:\n\n```medspec\nf\n```\n```json\n{}\n```\n```text\ng\n```\n"
    )
    found = sections_of(page)
    assert found["One"] == Section(1, {MAIN: ["a", "b", "c"]})
    assert found["Four"] == Section(0, {"d/e.medspec": ["f"]}, ["{}"], ["g"])
    assert list(found) == ["One", "Four"]


@pytest.mark.parametrize(
    "line",
    [
        "enum Verdict { guilty }",
        "enum Verdict { guilty }  # E0309",
        'enum Verdict { guilty }  # E0308 "too few"',
        "enum Verdict { guilty  not_guilty }  # E0308",
    ],
)
def test_a_page_that_says_something_else_fails(line: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        holds_what_it_says(Section(0, {MAIN: ["edition 2026", line]}), tmp_path)
