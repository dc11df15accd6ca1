"""`text`: Unicode text, `text(max_words: 300)` with an upper bound that is told to the model.

    question : text(boxes: box(xyxy, pixel, image: scan))      a text that has boxes of `scan` in it, `(1,2),(3,4)`

What a text says of boxes in it changes no value: it is for prompts, which write these boxes as the model's family does.
Values are kept as they are in the data: no trimming, no normalisation.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.box import BoxType

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
    boxes: BoxType | None = attrs.field(default=None, metadata={"sparse": True})
    kind = "text"

    @property
    def spelled(self) -> str:
        said = [] if self.max_words is None else [f"max_words: {self.max_words}"]
        if self.boxes is not None:
            said.append(f"boxes: box({self.boxes.order}, {self.boxes.frame}, image: {self.boxes.of})")
        return f"text({', '.join(said)})" if said else "text"

    @property
    def needs(self) -> tuple[str, ...]:
        """Fields that say where the boxes in the text are."""
        return () if self.boxes is None else (self.boxes.of, *self.boxes.needs)

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
