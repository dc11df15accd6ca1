"""Every message of the checker in its variants, as a person reads it.

The specs are in `tests/message_cases.py`. `messages/<area>.txt` holds what is said about each; read it after `--accept`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from message_cases import AREAS

from medspec.check import check_text
from medspec.text.render import render_one

HERE = Path(__file__).parent


@pytest.mark.parametrize("area", AREAS)
def test_messages(area, golden):
    pages = []
    for name, text in AREAS[area].items():
        said = "\n\n".join(render_one(one) for one in check_text(text, "main.medspec").diagnostics)
        pages.append(f"# {name}\n\n{said or 'nothing to say'}\n")
    golden(HERE / "messages" / f"{area}.txt", "\n".join(pages))


@pytest.mark.parametrize("area", AREAS)
def test_one_mistake_is_one_message(area):
    """A case is one mistake, unless its name begins with how many it holds."""
    counts = {"sound": 0, "two": 2, "three": 3, "four": 4}
    for name, text in AREAS[area].items():
        found = check_text(text, "main.medspec").diagnostics
        expected = counts.get(name.split(":")[0], 1)
        assert len(found) == expected, f"{name}: {[one.title for one in found]}"


def test_no_area_is_left_over():
    assert {path.stem for path in (HERE / "messages").glob("*.txt")} == set(AREAS)
