"""Dotted paths into raw values: `meta.topic`, `options.A`, `outputs.0`.

A number indexes a list, counted from 0. A key that itself holds dots is found too: of the keys a path could begin with,
the longest is tried first.

    look_up({"meta": {"topic": "cardiology"}}, "meta.topic")   ->  "cardiology"
    look_up({"a.b": 1, "a": {"b": 2}}, "a.b")                  ->  1
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

import attrs

from medspec.text.suggest import nearest


class Absent(Enum):
    """There is no value at the path; not the same as a null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

NAMES_SHOWN = 30
"""How many names a message lists before it only counts the rest."""


def look_up(value: Any, path: str) -> Any:
    """The value at `path` inside `value`, or `ABSENT`."""
    if isinstance(value, dict):
        if path in value:
            return value[path]
        cut = path.rfind(".")
        while cut > 0:
            head = path[:cut]
            if head in value and (found := look_up(value[head], path[cut + 1 :])) is not ABSENT:
                return found
            cut = path.rfind(".", 0, cut)
        return ABSENT
    if isinstance(value, list):
        head, dot, rest = path.partition(".")
        if not (head.isascii() and head.isdigit()) or int(head[:18]) >= len(value):
            return ABSENT
        entry = value[int(head)]
        return look_up(entry, rest) if dot else entry
    return ABSENT


@attrs.frozen
class Gap:
    """Where a path that leads nowhere stops: `parent` is the part that exists, `name` the part that does not.

    `names` are the names beside it, None where the parent is no object and so has no names.
    """

    parent: str
    name: str
    names: tuple[str, ...] | None


def find_gap(value: Any, path: str) -> Gap:
    """Where `path` stops inside `value`; only for a path at which `look_up` finds nothing."""
    parent, here, rest = "", value, path
    while True:
        if isinstance(here, list):
            heads = [rest.partition(".")[0]]
        else:
            heads = sorted(_heads(rest), key=len, reverse=True)
        inner = [(head, found) for head in heads if (found := look_up(here, head)) is not ABSENT and head != rest]
        if not inner:
            return Gap(parent, rest, tuple(here) if isinstance(here, dict) else None)
        head, here = inner[0]
        parent, rest = f"{parent}.{head}" if parent else head, rest[len(head) + 1 :]


def name_list(names: Sequence[str]) -> str:
    """Names for a message: quoted, and only counted after the first thirty.

    >>> name_list(["id", "options"])
    '`id`, `options`'
    """
    shown = ", ".join(f"`{name}`" for name in names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else shown or "none"


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """The end of a message about a name that is not among `names`: what was meant, or nothing.

    >>> did_you_mean("optoins", ["id", "options"])
    '; did you mean `options`?'
    """
    meant = nearest(name, names) if name else None
    return f"; did you mean `{meant}`?" if meant else ""


def _heads(path: str) -> list[str]:
    return [path[:index] for index, letter in enumerate(path) if letter == "." and index] + [path]
