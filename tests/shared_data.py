"""Real data that are not part of the project: where they lie, and how a test says that it needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DATA = ROOT / "../shared/data"


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where one of these folders or files below the shared data is missing, and names it."""
    missing = [name for name in names if not (DATA / name).exists()]
    return pytest.mark.skipif(bool(missing), reason=f"needs ../shared/data/{', ../shared/data/'.join(missing)}")


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
