"""`bool`: yes or no. In data: JSON `true` and `false`; a text or a number is refused, never guessed."""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type


@attrs.frozen
class BooleanType:
    kind = "bool"
    spelled = "bool"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> bool:
        if isinstance(raw, bool):
            return raw
        raise Misfit("expected true or false")

    def to_json(self, value: bool) -> bool:
        return value

    def invent(self, rng: random.Random, row: Row) -> bool:
        return rng.random() < 0.5
