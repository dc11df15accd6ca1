"""Texts as a model of embeddings sees them, for metrics that compare meanings: the vectors of tokens, and a task's golds.

A metric never opens a model. It has a setting of the kind `model`, and finds under that name in `Batch.encoders` the
`Corpus` of its task, which whoever runs the task has made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    import numpy as np


class Encoded(Protocol):
    """One text."""

    @property
    def ids(self) -> np.ndarray:
        """Its tokens: int64 of shape [tokens]."""

    @property
    def vectors(self) -> np.ndarray:
        """What the model makes of them: float32 of shape [tokens, width], of any length."""

    @property
    def content(self) -> np.ndarray:
        """False for tokens that stand around every text: bool of shape [tokens]."""


class Encoder(Protocol):
    """A loaded model of embeddings."""

    def encode(self, texts: Sequence[str], layer: str) -> Sequence[Encoded]:
        """The texts, in order, as the output `layer` of the model sees them."""

    def ids(self, text: str) -> Sequence[int]:
        """The tokens of a text, those around it included."""


@attrs.define(eq=False, slots=False)
class Corpus:
    """An encoder, and all golds of one task: how rare a token is does not depend on which rows are looked at.

    `kept` is what metrics have worked out already, by keys of their own.
    """

    encoder: Encoder
    golds: Sequence[str]
    kept: dict[Any, Any] = attrs.field(factory=dict)

    @cached_property
    def found_in(self) -> Counter[int]:
        """In how many golds each token occurs."""
        return Counter(token for gold in self.golds for token in set(self.encoder.ids(gold)))

    def rarity(self, ids: Iterable[int]) -> list[float]:
        """log((N + 1) / (n + 1)) of each token, which occurs in n of the N golds."""
        many = len(self.golds) + 1
        return [log(many / (self.found_in[int(token)] + 1)) for token in ids]
