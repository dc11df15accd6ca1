"""The page of reproduced figures: it says what its command computes, and every line of it is accounted for."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shared_data import DATA, ROOT, needs

PAGE = ROOT / "docs" / "reproduction.md"


@pytest.fixture(scope="module")
def maker() -> Iterator[Any]:
    """The script, as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs"))
        import make_reproduction

        yield make_reproduction
    for name in [name for name in sys.modules if name.split(".")[0] in ("make_reproduction", "reproductions")]:
        del sys.modules[name]


@needs("medsg_bench")
def test_the_page_is_what_the_command_writes(maker: Any) -> None:
    before = PAGE.read_text("utf-8")
    assert maker.page(DATA.resolve(), before) == before


def test_without_data_the_page_stays(maker: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = PAGE.read_text("utf-8")
    assert maker.page(tmp_path, before) == before
    assert capsys.readouterr().err.count("kept as it is") == len(maker.BENCHMARKS)


def test_no_figure_is_unequal_without_a_reason() -> None:
    lines = re.findall(r"^\| (?!figure)[^-|].*\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(lines) >= 54
    assert [line for line in lines if "not equal" in line] == []


def test_a_figure_is_compared_at_the_digits_that_were_published(maker: Any) -> None:
    from reproductions.base import Figure

    assert Figure(of="", published="12.67", ours=12.6663).verdict == "equal"
    assert Figure(of="", published="12.66", ours=12.6663).verdict == "**not equal**"
    assert Figure(of="", published="12.66", ours=12.6663, within=0.01).verdict == "within rounding"
    assert Figure(of="", published="13.00", ours=12.5, error="a misprint").verdict == "a misprint: off by -0.50"
