"""The page about security: every line names a test, and the test is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| it could try |"))
]


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_every_line_names_a_test_that_is_there(line: list[str]) -> None:
    assert len(line) == 3 and line[1], line
    found = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", line[2])
    assert found, line[2]
    assert (ROOT / found[1]).is_file(), found[1]
    assert found[2] in names_in(found[1]), line[2]


def test_the_page_speaks_of_everybody() -> None:
    titles = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    for word in ("spec", "data", "model folder", "endpoint", "reply", "judge", "run", "report"):
        assert any(word in title.lower() for title in titles), word
    assert len(LINES) > 40
