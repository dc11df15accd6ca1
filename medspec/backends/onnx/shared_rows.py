"""Rows that hold what all of them begin with once: `sharing.py` says how a step sees it.

Prompts are read in a row of its own, the reader, after the beginning that it holds; what is behind the beginning is then
copied to the row that goes on with it.

    reader   |beginning|question 3|          copied from here
    row 0              |question 1|reply ... |
    row 1              |question 2|reply     |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from medspec.backends.onnx.slots import Slots

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@attrs.define
class SharedRows:
    """Rows of `own`, each behind the same `shared` tokens. `reader` has one row."""

    reader: Slots
    own: Slots
    shared: int

    @property
    def rows(self) -> int:
        """How many."""
        return self.own.rows

    @property
    def held(self) -> list[list[int]]:
        """The tokens that each row holds behind the beginning."""
        return self.own.held

    def reach(self, row: int, ids: list[int]) -> int:
        """How many tokens of `ids` the reader holds."""
        return self.reader.reach(0, ids)

    def copy(self, source: int, target: int, length: int) -> None:
        """Let a row begin with the first `length` positions behind the beginning of another."""
        self.own.copy(source, target, length)

    def read(
        self,
        row: int,
        ids: list[int],
        done: int,
        places: NDArray[numpy.int64],
        tails: Sequence[Sequence[int]] = (),
    ) -> NDArray[numpy.float32]:
        """As `Slots.read`, of a prompt that starts with the beginning and goes on."""
        assert len(ids) > self.shared and not tails
        logits = self.reader.read(0, ids, done, places)
        if self.own.beginning is None:
            self.own.begin_with(self.reader, self.shared)
        self.own.take_over(row, self.reader, self.shared)
        return logits

    def forget(self, row: int) -> None:
        """As `Slots.forget`."""
        self.own.forget(row)
        self.reader.forget(0)

    def step(self, tokens: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
        """As `Slots.step`."""
        return self.own.step(tokens)
