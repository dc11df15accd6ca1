"""Columns that are made of what a row holds: a list out of a list, a part of a text, the box of a mask.

Whatever cannot be made is a `Misfit`, which names what was looked for; nothing is left out of a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from medspec.files.base import RawRow
from medspec.files.dotted import ABSENT, look_up
from medspec.plan.nodes import FromEach, FromKey, FromPart, FromPath, FromPaths
from medspec.types import Misfit

Masks = Callable[[str, str], tuple[int, int, int, int]]
"""The box of a mask by its path, and the path of the image it lies on. Raises `Misfit`."""


def each(column: FromEach, raw: RawRow) -> list[Any]:
    """One value, or one object, for each entry of the list at the column's path."""
    entries = look_up(raw.value, column.path)
    if entries is ABSENT or not isinstance(entries, list):
        raise Misfit(f"there is no list at `{column.path}`")
    return [_entry(column, entry, index) for index, entry in enumerate(entries)]


def part(column: FromPart, raw: RawRow) -> str:
    """What the group of the pattern finds first in the text."""
    text = text_at(column.text, raw)
    found = _compiled(column.pattern).search(text)
    if found is None or found[1] is None:
        raise Misfit(f"the pattern finds nothing in {text!r}")
    return found[1] if column.blank is None else found[1].replace(column.blank, " ")


def text_at(column: FromPath | FromKey, raw: RawRow) -> str:
    """The row's key, or the text at a path."""
    found = raw.key if isinstance(column, FromKey) else look_up(raw.value, column.path)
    if not isinstance(found, str):
        raise Misfit("the row has no key" if isinstance(column, FromKey) else f"there is no text at `{column.path}`")
    return found


def _entry(column: FromEach, entry: Any, index: int) -> Any:
    if column.column is not None:
        return _value(column.column, entry, index, column.path)
    return {name: _value(inner, entry, index, column.path) for name, inner in column.fields}


def _value(inner: FromPath | FromPaths, entry: Any, index: int, path: str) -> Any:
    paths = inner.paths if isinstance(inner, FromPaths) else (inner.path,)
    found = [look_up(entry, one) for one in paths]
    for one, value in zip(paths, found, strict=True):
        if value is ABSENT:
            raise Misfit(f"there is no `{one}` in entry {index} of `{path}` (counted from 0)")
    return found if isinstance(inner, FromPaths) else found[0]


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
