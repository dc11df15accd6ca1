"""`set<E>`: several of a fixed set of values, in no order and each at most once.

    set<Finding>     set<text>

`E` is an enum or text. Data write a set as a JSON list; CSV has no lists, so there the text that stands between two
entries is stated: `gold : set<Finding> from split(";")`. An empty text is the empty set. An entry that stands there
twice is one entry.

    set<Option>  from letters      the letters before colons: "The right answers are A: iron, D: zinc"
    set<Finding> from mentions     the cases whose texts occur, letter case aside: "Effusion, no fracture"
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.enum import EnumType

WRITTEN = ("letters", "mentions")
"""Ways in which one text names several cases."""

INSTANCES = "instances"
"""Data write objects and lists, and the set holds what they state, each as one text."""

_BEFORE_COLON = re.compile(r"(?<![A-Za-zÀ-ÿ0-9])([A-Z])[:：](?!//)")


@attrs.frozen
class SetType:
    """Values are frozensets. `separator` is what stands between two entries where data write one text.

    `written` is one of `WRITTEN` where a text names the entries in another way.
    """

    item: Type
    separator: str | None = attrs.field(default=None, eq=False)
    written: str | None = attrs.field(default=None, eq=False)
    kind = "set"

    @property
    def spelled(self) -> str:
        return f"set<{self.item.spelled}>"

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.item,)

    def load(self, raw: Any, row: Row) -> frozenset[Any]:
        entries = self._entries(raw)
        values = set()
        for index, entry in enumerate(entries):
            try:
                values.add(self.item.load(entry, row))
            except Misfit as misfit:
                raise Misfit(f"entry {index}: {misfit}") from None
        return frozenset(values)

    def _entries(self, raw: Any) -> list[Any]:
        if self.written == INSTANCES:
            return instances_of(raw)
        if self.written is not None:
            return self._named(raw)
        if self.separator is not None:
            if not isinstance(raw, str):
                raise Misfit(f"expected a text with {self.separator!r} between its entries")
            return [entry.strip() for entry in raw.split(self.separator)] if raw.strip() else []
        if isinstance(raw, str):
            raise Misfit('expected a list; for entries in one text write `from split(";")` after the type')
        if not isinstance(raw, list | tuple | set | frozenset):
            raise Misfit("expected a list")
        return list(raw)

    def _named(self, raw: Any) -> list[Any]:
        if not isinstance(raw, str):
            raise Misfit("expected a text")
        found = letters_before_colons(raw) if self.written == "letters" else sorted(mentioned(raw, self.item))
        if not found:
            raise Misfit("names no letter before a colon" if self.written == "letters" else "names no case")
        return list(found)

    def to_json(self, value: frozenset[Any]) -> list[Any]:
        """The entries in the order of the enum's cases, or of the alphabet."""
        return [self.item.to_json(entry) for entry in self.ordered(value)]

    def ordered(self, value: frozenset[Any]) -> list[Any]:
        """The entries in an order that is the same every time."""
        index_of = getattr(self.item, "index_of", None)
        return sorted(value, key=index_of)

    def invent(self, rng: random.Random, row: Row) -> frozenset[Any]:
        return frozenset(self.item.invent(rng, row) for _ in range(rng.randint(0, 3)))


def letters_before_colons(text: str) -> tuple[str, ...]:
    """The capital letters before colons: the first, and those that follow in alphabetical order after a comma.

    >>> letters_before_colons("The right answers are A: hepatitis B: chronic, D: gout")
    ('A', 'D')
    """
    found: list[str] = []
    for match in _BEFORE_COLON.finditer(text):
        listed = text[: match.start()].rstrip()[-1:] in (",", ";", "、", "，")
        if not found or (listed and match[1] > found[-1]):
            found.append(match[1])
    return tuple(found)


def mentioned(text: str, cases: Type) -> frozenset[str]:
    """The cases whose text occurs in `text`, letter case aside."""
    assert isinstance(cases, EnumType)
    folded = text.casefold()
    return frozenset(case.name for case in cases.cases if case.text.casefold() in folded)


def instances_of(raw: Any) -> list[str]:
    """What JSON states, one text each: the entries of lists, with the keys they stand under in front of them.

    >>> instances_of({"a": ["x", {"k": 1}], "b": "y", "c": []})
    ['a: x', 'a: {"k": 1}', 'b: y']
    """
    if isinstance(raw, dict):
        return [f"{key}: {part}" for key, value in raw.items() for part in _parts(value)]
    return _parts(raw)


def _parts(value: Any) -> list[str]:
    entries = value if isinstance(value, list | tuple) else [value]
    return [
        entry.strip() if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False, sort_keys=True)
        for entry in entries
        if entry is not None and not (isinstance(entry, str) and not entry.strip())
    ]
