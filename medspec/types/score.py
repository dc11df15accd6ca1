"""`score(0..4)`: a rating on a scale with two known ends, both included.

    score(0..4)     whole numbers        score(0.0..1.0)     any number between the ends

Ratings have an order and a range, which is what makes them the only values that judges may average. Two scales are
different types, even where one lies inside the other.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.number import FloatType, IntegerType


@attrs.frozen
class ScoreType:
    """Values are ints where `whole`, else floats; `low` and `high` are inclusive."""

    low: float
    high: float
    whole: bool = True
    kind = "score"

    @property
    def spelled(self) -> str:
        if self.whole:
            return f"score({int(self.low)}..{int(self.high)})"
        return f"score({float(self.low)!r}..{float(self.high)!r})"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    @property
    def number(self) -> IntegerType | FloatType:
        """The numbers this scale is made of."""
        if self.whole:
            return IntegerType(int(self.low), int(self.high))
        return FloatType(float(self.low), float(self.high))

    def load(self, raw: Any, row: Row) -> float:
        try:
            return self.number.load(raw, row)
        except Misfit as misfit:
            raise Misfit(f"{misfit}: the scale is {self.spelled}") from None

    def to_json(self, value: float) -> float:
        return value

    def invent(self, rng: random.Random, row: Row) -> float:
        return self.number.invent(rng, row)
