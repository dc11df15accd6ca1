"""What stands at a dotted path of a row, for groups and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a row; None where something on the way is not there."""
    value: Any = row
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, str):
            value = len(value.split()) if part == "words" else len(value)
        else:
            return None
    return value
