"""Lists and optional values.

    text[]     text[2..10]     int?

`T?` holds None where there is none: a JSON null or an absent column.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type


@attrs.frozen
class ListType:
    """Values are tuples. `low` and `high` bound the length, inclusive; None where that end is open."""

    item: Type
    low: int | None = None
    high: int | None = None
    kind = "list"

    @property
    def spelled(self) -> str:
        bounds = "" if self.low is None and self.high is None else f"{self.low}..{self.high}"
        inner = self.item.spelled
        return f"({inner})[{bounds}]" if " " in inner else f"{inner}[{bounds}]"

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.item,)

    def load(self, raw: Any, row: Row) -> tuple[Any, ...]:
        if isinstance(raw, str):
            raise Misfit(
                'expected a list, not a text; entries with a column each are listed: `["A", "B"]` in `columns`'
            )
        if not isinstance(raw, list | tuple):
            raise Misfit("expected a list")
        if self.low is not None and len(raw) < self.low:
            raise Misfit(f"expected at least {self.low} entries, found {len(raw)}")
        if self.high is not None and len(raw) > self.high:
            raise Misfit(f"expected at most {self.high} entries, found {len(raw)}")
        values = []
        for index, entry in enumerate(raw):
            try:
                values.append(self.item.load(entry, row))
            except Misfit as misfit:
                raise Misfit(f"entry {index}: {misfit}") from None
        return tuple(values)

    def to_json(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.item.to_json(entry) for entry in value]

    def invent(self, rng: random.Random, row: Row) -> tuple[Any, ...]:
        low = self.low if self.low is not None else 0
        length = rng.randint(low, min(self.high if self.high is not None else low + 3, low + 3))
        return tuple(self.item.invent(rng, row) for _ in range(length))


@attrs.frozen
class OptionalType:
    """None means there is none; it never means that a reply could not be read."""

    item: Type
    kind = "optional"

    @property
    def spelled(self) -> str:
        inner = self.item.spelled
        return f"({inner})?" if " " in inner else f"{inner}?"

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.item,)

    def load(self, raw: Any, row: Row) -> Any:
        return None if raw is None else self.item.load(raw, row)

    def to_json(self, value: Any) -> Any:
        return None if value is None else self.item.to_json(value)

    def invent(self, rng: random.Random, row: Row) -> Any:
        return None if rng.random() < 0.25 else self.item.invent(rng, row)
