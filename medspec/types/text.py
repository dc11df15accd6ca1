"""`text`: Unicode text, `text(max_words: 300)` with an upper bound that is told to the model.

Values are kept as they are in the data: no trimming, no normalisation.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type

_WORDS = (
    "fever",
    "cough",
    "patient",
    "denies",
    "chest",
    "pain",
    "stable",
    "mild",
    "daily",
    "tablet",
    "reports",
    "normal",
)


@attrs.frozen
class TextType:
    max_words: int | None = None
    kind = "text"

    @property
    def spelled(self) -> str:
        return "text" if self.max_words is None else f"text(max_words: {self.max_words})"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> str:
        if isinstance(raw, str):
            return raw
        raise Misfit("expected text")

    def to_json(self, value: str) -> str:
        return value

    def invent(self, rng: random.Random, row: Row) -> str:
        return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(1, min(self.max_words or 8, 8))))
