"""Caches of `GroupQueryAttention` graphs: buffers of fixed size that are written in place.

The operator writes new keys and values into the buffer it reads the old ones from, when both are bound to one piece of
memory, and is told by the mask how far each row reaches. So nothing is copied when a row grows, and a row is taken back
to a shorter beginning by saying a smaller length. One row of the buffers is a piece of memory of its own, so a prompt is
read into it alone (with a past, the operator takes several tokens for one row only), and then all rows go on together.

    row 0   |prefix|question 1|reply ...      |
    row 1   |prefix|question 2 ...|reply      |

On the CPU only: the rows are numpy arrays that ONNX Runtime is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from medspec.backends.onnx.decoder import Decoder, StepFailed
from medspec.backends.onnx.prefixes import common_length
from medspec.backends.onnx.sharing import Beginning
from medspec.backends.onnx.trees import SEEN, tree_of

if TYPE_CHECKING:
    import numpy
    import onnxruntime
    from numpy.typing import NDArray

_STEP = 64
"""Buffers have a multiple of this many positions."""

_SEEN_AT_ONCE = 2**24
"""A graph that sees trees is told of so many pairs of tokens at once, 64 MB of them."""

_NEAR = 16
"""So many tokens more must another row have in common with a prompt, before they are copied from there."""


class Rows(Protocol):
    """Rows that prompts are read into, one after another; see `Slots`, which are rows of several."""

    @property
    def rows(self) -> int: ...

    @property
    def held(self) -> list[list[int]]: ...

    def reach(self, row: int, ids: list[int]) -> int: ...

    def copy(self, source: int, target: int, length: int) -> None: ...

    def read(
        self,
        row: int,
        ids: list[int],
        done: int,
        places: NDArray[numpy.int64],
        tails: Sequence[Sequence[int]] = (),
    ) -> NDArray[numpy.float32]: ...

    def step(self, tokens: NDArray[numpy.int64]) -> NDArray[numpy.float32]: ...

    def forget(self, row: int) -> None: ...


@attrs.define
class Slots:
    """`rows` rows of `length` positions. `held` are the tokens whose keys and values each row has."""

    decoder: Decoder
    rows: int
    length: int
    held: list[list[int]]
    _buffers: tuple[NDArray[Any], ...]
    beginning: Beginning | None = None
    """What comes before everything that the rows hold, in a step."""
    _views: dict[tuple[int, int], tuple[onnxruntime.OrtValue, ...]] = attrs.field(factory=dict)

    def reach(self, row: int, ids: list[int]) -> int:
        """How many tokens of `ids` the row holds already, after taking them over from another row if that has more.

        What the row held behind them is gone.
        """
        own = common_length(self.held[row], ids)
        lengths = [common_length(held, ids) for held in self.held]
        best = max(range(self.rows), key=lengths.__getitem__)
        if lengths[best] >= own + _NEAR:
            self.copy(best, row, lengths[best])
            own = lengths[best]
        return own

    def forget(self, row: int) -> None:
        """Let a row hold nothing, after one whose numbers were none: the operator multiplies what is hidden by zero."""
        self.held[row] = []
        for buffer in self._buffers:
            buffer[row] = 0

    def take_over(self, row: int, source: Slots, start: int) -> None:
        """Let a row hold what the first one of other slots holds from position `start` on."""
        self.held[row] = source.held[0][start:]
        end = len(self.held[row])
        for buffer, other in zip(self._buffers, source._buffers, strict=True):
            buffer[row, :, :end] = other[0, :, start : start + end]

    def begin_with(self, source: Slots, length: int) -> None:
        """Let all rows come behind the first `length` positions of the first row of other slots."""
        self.beginning = self.decoder.beginning([buffer[0, :, :length] for buffer in source._buffers])

    def copy(self, source: int, target: int, length: int) -> None:
        """Let a row begin with the first `length` positions of another."""
        for buffer in self._buffers:
            buffer[target, :, :length] = buffer[source, :, :length]
        self.held[target] = self.held[source][:length]

    def read(
        self,
        row: int,
        ids: list[int],
        done: int,
        places: NDArray[numpy.int64],
        tails: Sequence[Sequence[int]] = (),
    ) -> NDArray[numpy.float32]:
        """Run the tokens of `ids` behind the first `done`, which the row holds, in one row.

        With `tails`, for a graph that sees trees and two tokens or more in `ids`, each of these as well, as if it alone
        stood behind `ids`. Returns the logits [n, ids] at `places` [n], which ascend and are counted from the start of
        `ids` through all tails. Raises `StepFailed`.
        """
        import numpy as np

        ends = [len(ids)]
        if self.decoder.signature.sees_trees and not tails:
            size = max(1, _SEEN_AT_ONCE // len(ids))
            ends = [*range(done + size, len(ids), size), len(ids)]
        elif tails and not done:
            # With nothing before it, the operator counts positions by itself and does not look at ours.
            ends = [len(ids) - 1, len(ids)]
        pieces = []
        for end in ends:
            last = end == len(ids)
            chosen = places[(places >= done) & (last | (places < end))]
            pieces.append(self._read(row, ids[:end], done, chosen, tails if last else ()))
            done = end
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _read(
        self, row: int, ids: list[int], done: int, places: NDArray[numpy.int64], tails: Sequence[Sequence[int]]
    ) -> NDArray[numpy.float32]:
        import numpy as np

        assert done < len(ids) and len(ids) + sum(map(len, tails)) <= self.length
        del self.held[row][done:]
        new = np.array([[*ids[done:], *chain.from_iterable(tails)]], dtype=np.int64)
        mask = np.ones((1, done + new.shape[1]), dtype=np.int64)
        asked = np.stack([np.zeros_like(places), places - done], axis=1)
        tree = None
        if tails:
            tree = tree_of(len(ids), done, [len(tail) for tail in tails], self.decoder.signature.inputs[SEEN].type)
        logits = self.decoder.step_in_place(new, mask, self._view(row, 1), asked, tree)
        self.held[row] = [*ids, *(tails[0] if tails else ())]
        return logits

    def step(self, tokens: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
        """One more token for each of the first rows. Returns their logits [rows, ids]. Raises `StepFailed`."""
        import numpy as np

        count = len(tokens)
        lengths = np.array([len(held) + 1 for held in self.held[:count]])
        assert lengths.max() <= self.length
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        places = np.stack([np.arange(count), np.zeros(count, dtype=np.int64)], axis=1)
        caches = self._view(0, count)
        logits = self.decoder.step_in_place(tokens[:, None], mask, caches, places, beginning=self.beginning)
        for held, token in zip(self.held, tokens.tolist(), strict=False):
            held.append(token)
        return logits

    def _view(self, start: int, count: int) -> tuple[onnxruntime.OrtValue, ...]:
        if (start, count) not in self._views:
            rows = slice(start, start + count)
            self._views[start, count] = tuple(self.decoder.place(buffer[rows]) for buffer in self._buffers)
        return self._views[start, count]


def admit(rows: Rows, row: int, ids: list[int]) -> NDArray[numpy.float32]:
    """Let a row hold a prompt. Returns the logits [ids] behind it. Raises `StepFailed`."""
    import numpy as np

    done = min(rows.reach(row, ids), len(ids) - 1)
    [logits] = rows.read(row, ids, done, np.array([len(ids) - 1]))
    return logits  # type: ignore[no-any-return]  # a row of an array has no type of its own


def make_slots(decoder: Decoder, rows: int, length: int, before: Slots | None = None) -> Slots:
    """Slots of at least this size; `before` itself where it serves, else new ones that hold what fits of it.

    Raises `StepFailed` where there is no memory for them.
    """
    import numpy as np

    if before is not None and before.rows >= rows and length <= before.length <= 2 * length + _STEP:
        return before
    length = -(-length // _STEP) * _STEP
    signature = decoder.signature
    try:
        buffers = tuple(
            np.zeros((rows, slot.heads, length, slot.head_size), dtype=signature.cache_type) for slot in signature.cache
        )
    except MemoryError as err:
        raise StepFailed("not enough memory") from err
    made = Slots(decoder, rows, length, [[] for _ in range(rows)], buffers)
    if before is not None:
        longest = max(before.held, key=len)
        kept = longest[: length - 1]
        for buffer, old in zip(buffers, before._buffers, strict=True):
            buffer[0, :, : len(kept)] = old[before.held.index(longest), :, : len(kept)]
        made.held[0] = kept
    return made
