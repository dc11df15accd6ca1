"""The type of a name that could not be resolved. It fits everything, so one mistake gives one message."""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Row, Type


@attrs.frozen
class UnknownType:
    kind = "unknown"
    spelled = "unknown"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> Any:
        return raw

    def to_json(self, value: Any) -> Any:
        return value

    def invent(self, rng: random.Random, row: Row) -> None:
        return None
