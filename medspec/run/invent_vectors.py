"""Vectors without a model: words are tokens, equal words have equal vectors, and no number that comes of them means anything."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import attrs

from medspec.backends.base import sha256_of
from medspec.backends.onnx.encoder import TextVectors
from medspec.plan.encoders import encoders_in
from medspec.plan.nodes import Plan


@attrs.define
class InventedEncoder:
    """One such encoder, for rows that are invented too."""

    width: int = 8
    _texts: set[str] = attrs.field(factory=set, init=False)

    @property
    def digest(self) -> str:
        return sha256_of(f"invented encoder {self.width}")

    def describe(self) -> dict[str, Any]:
        return {
            "digest": self.digest,
            "is": "invented vectors, no model",
            "context": None,
            "texts": len(self._texts),
            "cut": 0,
        }

    def ids(self, text: str) -> list[int]:
        self._texts.add(text)
        return [int(sha256_of(word)[:12], 16) for word in text.split()]

    def encode(self, texts: Sequence[str], layer: str) -> list[TextVectors]:
        import numpy as np

        found = []
        for text in texts:
            ids = self.ids(text)
            vectors = [_drawn(Random(f"{layer} {token}"), self.width) for token in ids]
            shaped = np.array(vectors, np.float32).reshape(len(ids), self.width)
            found.append(TextVectors(np.array(ids, np.int64), shaped, np.ones(len(ids), bool)))
        return found


def _drawn(rng: Random, width: int) -> list[float]:
    return [rng.gauss() for _ in range(width)]


def invented_encoders(plan: Plan) -> dict[str, InventedEncoder]:
    """A stand-in for every encoder of `plan`."""
    return {name: InventedEncoder() for name in encoders_in(plan)}
