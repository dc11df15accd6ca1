"""What all tests share: golden files, and how hypothesis runs.

A golden file holds the text a test expects. `pytest --accept` writes the files anew; whoever accepts
reads the difference.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("local", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("MEDSPEC_TEST_PROFILE", "local"))

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite golden files with what the tests got")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the file at a path; with `--accept` writes the file instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--accept"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            return
        assert path.is_file(), f"{path} is missing; run pytest with --accept and read what it writes"
        with path.open(encoding="utf-8", newline="") as file:
            assert text == file.read()

    return compare
