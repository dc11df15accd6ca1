"""`int` and `float`, with an optional range and, for `float`, a unit.

    int(0..10)     float(0..1)     float(unit: "mg/dL")

The ends of a range belong to it. CSV has no numbers, so a text that is exactly one number is read as that number;
NaN and the infinities never fit.
"""

from __future__ import annotations

import math
import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type


@attrs.frozen
class IntegerType:
    """A whole number; `low` and `high` are inclusive, None where that end is open."""

    low: int | None = None
    high: int | None = None
    kind = "int"

    @property
    def spelled(self) -> str:
        return "int" if self.low is None and self.high is None else f"int({self.low}..{self.high})"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> int:
        if isinstance(raw, str):
            try:
                raw = int(raw.strip())
            except ValueError:
                raise Misfit("expected a whole number") from None
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Misfit("expected a whole number")
        _check_range(raw, self.low, self.high)
        return raw

    def to_json(self, value: int) -> int:
        return value

    def invent(self, rng: random.Random, row: Row) -> int:
        low = self.low if self.low is not None else 0
        return rng.randint(low, self.high if self.high is not None else low + 100)


@attrs.frozen
class FloatType:
    """A finite number; `low` and `high` are inclusive, None where that end is open; `unit` is part of the type."""

    low: float | None = None
    high: float | None = None
    unit: str | None = None
    kind = "float"

    @property
    def spelled(self) -> str:
        parts = [] if self.low is None and self.high is None else [f"{self.low:g}..{self.high:g}"]
        if self.unit is not None:
            parts.append(f'unit: "{self.unit}"')
        return f"float({', '.join(parts)})" if parts else "float"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise Misfit("expected a number")
        try:
            value = float(raw)
        except ValueError:
            raise Misfit("expected a number") from None
        if not math.isfinite(value):
            raise Misfit("expected a finite number")
        _check_range(value, self.low, self.high)
        return value

    def to_json(self, value: float) -> float:
        return value

    def invent(self, rng: random.Random, row: Row) -> float:
        low = self.low if self.low is not None else 0.0
        high = self.high if self.high is not None else low + 100.0
        share = rng.random()
        # Not `low + share * (high - low)`: the difference may be beyond the largest float. Rounding may step outside.
        return min(max(round(low * (1 - share) + high * share, 3), low), high)


def _check_range(value: float, low: float | None, high: float | None) -> None:
    if (low is not None and value < low) or (high is not None and value > high):
        raise Misfit(f"outside the range {low}..{high}")
