"""One row of the library: prompts one after another, each behind what it has in common with the one before.

The library takes a row back to any of its tokens (`rewind_to`), and lets it go on from there; with several rows it does
not. Where a graph does not do that right, every prompt is read from its first token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.genai.library import Loaded, last_logits
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.prefixes import common_length

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_PIECE = 512
"""So many tokens at once: logits of all of them come back, which a large vocabulary makes much memory."""


@attrs.define
class OneRow:
    """A row of `length` positions. `held` are the tokens whose keys and values it has, in a list of one."""

    _loaded: Loaded
    length: int
    rewinds: bool
    """Whether it may be taken back; else each prompt gets new caches, and is read at once."""
    all_logits: bool
    """Whether the graph gives logits for all tokens of a step, and not only for the last."""
    rows: int = 1
    held: list[list[int]] = attrs.field(factory=lambda: [[]])
    _generator: Any = None

    def reach(self, row: int, ids: list[int]) -> int:
        """How many tokens of `ids` the row holds already."""
        return common_length(self.held[row], ids) if self.rewinds else 0

    def copy(self, source: int, target: int, length: int) -> None:
        """There is no second row."""
        raise AssertionError(f"one row, and {source} was to be copied to {target}")

    def read(
        self,
        row: int,
        ids: list[int],
        done: int,
        places: NDArray[numpy.int64],
        tails: Sequence[Sequence[int]] = (),
    ) -> NDArray[numpy.float32]:
        """Run the tokens of `ids` behind the first `done`, which the row holds.

        Returns the logits [n, ids] at `places` [n], which ascend and are counted from the start of `ids`. Raises
        `StepFailed`; the row holds nothing then.
        """
        import numpy as np

        assert row == 0 and not tails and done < len(ids) <= self.length
        pieces = []
        try:
            start = self._take_back(done)
            for end in self._ends(start, len(ids), places):
                self._append(ids[start:end])
                here = places[(places >= max(start, done)) & (places < end)]
                if len(here):
                    pieces.append(self._logits(here - start, end - start))
                start = end
        except (RuntimeError, MemoryError) as err:
            self.forget(0)
            raise StepFailed(str(err)) from err
        if not pieces:
            return np.zeros((0, 1), dtype=np.float32)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def step(self, tokens: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
        """One more token. Returns its logits [1, ids]. Raises `StepFailed`."""
        try:
            self._append(tokens.tolist())
            return last_logits(self._generator)
        except (RuntimeError, MemoryError) as err:
            self.forget(0)
            raise StepFailed(str(err)) from err

    def _take_back(self, done: int) -> int:
        """Let the row hold its first `done` tokens and nothing else; 0 of them where it cannot be taken back."""
        held = self.held[0]
        if self._generator is None or (not self.rewinds and len(held) != done):
            self.forget(0)
            self._generator = self._loaded.generator(1, self.length)
            return 0
        if len(held) > done:
            self._generator.rewind_to(done)
            del held[done:]
        return done

    def _ends(self, start: int, end: int, places: NDArray[numpy.int64]) -> list[int]:
        """Where the pieces of a prompt end."""
        ends = {end, *(range(start + _PIECE, end, _PIECE) if self.rewinds else ())}
        if not self.all_logits:
            ends |= {int(place) + 1 for place in places if place >= start}
        return sorted(ends)

    def _append(self, ids: Sequence[int]) -> None:
        import numpy as np

        self._generator.append_tokens(np.array(ids, dtype=np.int32))
        self.held[0] += ids

    def _logits(self, places: NDArray[numpy.int64], new: int) -> NDArray[numpy.float32]:
        """Of the step just done, over `new` tokens."""
        import numpy as np

        if places.tolist() == [new - 1]:
            return last_logits(self._generator)
        return np.array(self._generator.get_output("logits")[0, places], dtype=np.float32)

    def forget(self, row: int) -> None:
        """Let the row hold nothing."""
        self._generator = None
        self.held[row] = []


def make_row(loaded: Loaded, length: int, *, rewinds: bool, all_logits: bool, before: OneRow | None) -> OneRow:
    """A row of at least this length; `before` itself where it serves."""
    if before is not None and length <= before.length <= 2 * length + _PIECE:
        return before
    return OneRow(loaded, length, rewinds, all_logits)
