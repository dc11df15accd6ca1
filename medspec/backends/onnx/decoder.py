"""One step of a decoder: token ids and a cache in, logits and a longer cache out.

Negative ids are places of images, for decoders that take vectors in place of ids; see `vision.embedder`.

The cache stays where the model runs; only logits come back, and of these only the ones that are read. A step never
changes the cache it was given, so several continuations can start from one prompt. What goes wrong inside the graph is
raised as `StepFailed`, which concerns the rows of this step and not the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.cache_moves import CacheMoves
from medspec.backends.onnx.picked_logits import PLACES
from medspec.backends.onnx.session import Opened, open_beside
from medspec.backends.onnx.sharing import BEGINNING, SHARES, Beginning
from medspec.backends.onnx.signature import Signature
from medspec.backends.onnx.trees import POSITIONS, SEEN, Tree
from medspec.backends.onnx.vision.embedder import Embedder

if TYPE_CHECKING:
    import numpy
    import onnxruntime
    from numpy.typing import NDArray


class StepFailed(Exception):
    """The graph did not run for these rows, for want of memory perhaps: fewer rows may do."""

    @property
    def wants_memory(self) -> bool:
        """Whether it looks like memory; ONNX Runtime says so in words only."""
        text = str(self).lower()
        return "memory" in text or "alloc" in text


def last_places(rows: int, new: int) -> NDArray[numpy.int64]:
    """The last of `new` positions of every row."""
    import numpy as np

    return np.stack([np.arange(rows), np.full(rows, new - 1)], axis=1)


@attrs.frozen
class Cache:
    """Keys and values of the positions seen so far: tensors [rows, heads, length, head size], on the device."""

    values: tuple[onnxruntime.OrtValue, ...]
    length: int


@attrs.frozen
class Decoder:
    """A decoder graph that can be stepped."""

    signature: Signature
    _opened: Opened
    embedder: Embedder | None = None
    """What makes vectors of ids, where the graph takes vectors."""

    @cached_property
    def _moves(self) -> CacheMoves:
        opened = self._opened
        return CacheMoves(
            partial(open_beside, opened=opened), (opened.device, opened.number), self.signature.cache_type
        )

    @property
    def on_gpu(self) -> bool:
        """Whether the graph runs on a GPU, and its caches lie there."""
        return self._opened.device != "cpu"

    def step(
        self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64], cache: Cache | None, places: NDArray[numpy.int64]
    ) -> tuple[NDArray[numpy.float32], Cache]:
        """Run `ids` [rows, new] after `cache`; `mask` [rows, length + new] is 0 where a position is padding; see `marked`.

        Returns the logits [n, ids] at `places` [n, 2] (row, and position among the new ones), and the longer cache.
        Raises `StepFailed`.
        """
        rows, new = ids.shape
        before = self._empty(rows) if cache is None else cache
        assert mask.shape == (rows, before.length + new)
        outputs = self._run(self._feeds(ids, mask, places, first=cache is None), before.values)
        return self._picked(outputs[0].numpy(), places, new), Cache(tuple(outputs[1:]), before.length + new)

    def _picked(self, logits: NDArray[Any], places: NDArray[numpy.int64], new: int) -> NDArray[numpy.float32]:
        """The logits at `places`, of whatever part of all logits the graph gave."""
        import numpy as np

        if PLACES in self.signature.inputs:
            chosen = logits[0, : len(places)]
        else:
            chosen = logits[places[:, 0], places[:, 1] - (new - logits.shape[1])]
        return chosen.astype(np.float32, copy=False)

    def step_in_place(
        self,
        ids: NDArray[numpy.int64],
        mask: NDArray[numpy.int64],
        held: Sequence[onnxruntime.OrtValue],
        places: NDArray[numpy.int64],
        tree: Tree | None = None,
        beginning: Beginning | None = None,
    ) -> NDArray[numpy.float32]:
        """The same for a graph that writes into the cache it reads: `held` [rows, heads, positions, size] is changed.

        `mask` [rows, reach] is 1 up to the last new token of each row. With `tree` the new tokens of the one row are not
        each behind the one before; the graph must be one that sees trees. With `beginning` one new token of each row
        comes behind that and then behind what `held` has; the graph must be one that shares beginnings. Raises
        `StepFailed`.
        """
        first = mask.shape[1] == ids.shape[1]
        feeds = self._feeds(
            ids, mask, places, first=first, tree=tree, shared=0 if beginning is None else beginning.length
        )
        outputs = self._run(feeds, held, in_place=True, beginning=beginning)
        return self._picked(outputs[0].numpy(), places, ids.shape[1])

    def marked(self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
        """`mask` (1 where `ids` has a token) with what positions need to know of the places of images.

        Where positions have three parts, a place of an image is 2 plus how far the next token's position is moved on.
        """
        if self.embedder is None or not self.signature.has_grid_positions:
            return mask
        return self.embedder.marked(ids, mask)

    def marks(self, prompts: Sequence[Sequence[int]]) -> NDArray[numpy.int64]:
        """The mask of prompts of one length without padding, [rows, length]."""
        import numpy as np

        ids = np.array(prompts, dtype=np.int64).reshape(len(prompts), -1)
        return self.marked(ids, np.ones_like(ids))

    def take(self, cache: Cache, rows: Sequence[int]) -> Cache:
        """The cache of some of the rows, in the given order, each as often as it is named."""
        if self.on_gpu:
            return Cache(self._moves.take(cache.values, rows), cache.length)
        picked = [value.numpy()[list(rows)] for value in cache.values]
        return Cache(tuple(self.place(value) for value in picked), cache.length)

    def cut(self, cache: Cache, length: int) -> Cache:
        """The cache of the first `length` positions."""
        import numpy as np

        if self.on_gpu:
            return Cache(self._moves.cut(cache.values, length), length)
        pieces = [np.ascontiguousarray(value.numpy()[:, :, :length]) for value in cache.values]
        return Cache(tuple(self.place(value) for value in pieces), length)

    def place(self, value: NDArray[Any]) -> onnxruntime.OrtValue:
        """The array where the model runs; on the CPU it is the same memory."""
        import onnxruntime

        return onnxruntime.OrtValue.ortvalue_from_numpy(value, self._opened.device, self._opened.number)

    def beginning(self, held: Sequence[NDArray[Any]]) -> Beginning:
        """What all rows begin with, from the caches [heads, positions, size] of one of them."""
        import numpy as np

        values = []
        for slot, value in zip(self.signature.cache, held, strict=True):
            turned = value.transpose(0, 2, 1) if slot.past.endswith(".key") else value
            values.append(self.place(np.array(turned, order="C")))
        return Beginning(tuple(values), held[0].shape[1])

    @cached_property
    def _no_beginning(self) -> Beginning:
        import numpy as np

        kind = self.signature.cache_type
        return self.beginning([np.zeros((slot.heads, 0, slot.head_size), dtype=kind) for slot in self.signature.cache])

    def _run(
        self,
        feeds: dict[str, NDArray[Any]],
        before: Sequence[onnxruntime.OrtValue],
        *,
        in_place: bool = False,
        beginning: Beginning | None = None,
    ) -> list[onnxruntime.OrtValue]:
        held = [self.place(value) for value in feeds.values()]  # kept alive until the run is over
        binding = self._opened.session.io_binding()
        try:
            for name, value in zip(feeds, held, strict=True):
                binding.bind_ortvalue_input(name, value)
            binding.bind_output("logits", "cpu")
            if SHARES in feeds:
                for slot, begun in zip(self.signature.cache, (beginning or self._no_beginning).values, strict=True):
                    binding.bind_ortvalue_input(BEGINNING + slot.past, begun)
            for slot, past in zip(self.signature.cache, before, strict=True):
                binding.bind_ortvalue_input(slot.past, past)
                if in_place:
                    binding.bind_ortvalue_output(slot.present, past)
                else:
                    binding.bind_output(slot.present, self._opened.device, self._opened.number)
            self._opened.session.run_with_iobinding(binding)
        except MemoryError as err:
            raise StepFailed("not enough memory") from err
        except Exception as err:  # ONNX Runtime's errors have no common class below Exception
            raise StepFailed(next(iter(str(err).strip().splitlines()), repr(err))) from err
        return list(binding.get_outputs())

    def _feeds(
        self,
        ids: NDArray[numpy.int64],
        mask: NDArray[numpy.int64],
        places: NDArray[numpy.int64],
        *,
        first: bool,
        tree: Tree | None = None,
        shared: int = 0,
    ) -> dict[str, NDArray[Any]]:
        """The declared inputs except the cache, each in its number type."""
        import numpy as np

        if tree is not None:
            positions = tree.positions
        elif self.embedder is not None and self.signature.has_grid_positions:
            positions = self.embedder.positions(ids, mask)
        else:
            # A padded position gets the position of the first real token; nothing ever looks at it.
            positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)[:, -ids.shape[1] :] + shared
        # Without any place the last one is computed: neither 0 positions nor 0 rows of logits can be asked for.
        asked = places if len(places) else np.array([[0, ids.shape[1] - 1]])
        values: dict[str, NDArray[Any]] = {
            "attention_mask": np.minimum(mask, 1),
            "position_ids": positions,
            "use_cache_branch": np.array([not first]),
            "num_logits_to_keep": np.array(ids.shape[1] - asked[:, 1].min()),
            PLACES: asked[None],
            POSITIONS: positions,
            SHARES: np.array(shared > 0),
        }
        if self.signature.sees_trees:
            all_seen = np.zeros((1, 1, ids.shape[1], mask.shape[1]), dtype=self.signature.inputs[SEEN].type)
            values[SEEN] = all_seen if tree is None else tree.seen
        if self.embedder is None:
            values["input_ids"] = ids
        else:
            values["inputs_embeds"] = self.embedder.vectors(ids)
        feeds = {}
        for name, declared in self.signature.inputs.items():
            value = values[name]
            if (
                value.size == 1 and declared.rank < 2
            ):  # the single numbers are declared as [] by some exporters and as [1] by others
                value = value.reshape((1,) * declared.rank)
            feeds[name] = np.asarray(value, dtype=declared.type, order="C")
        return feeds

    def _empty(self, rows: int) -> Cache:
        import numpy as np
        import onnxruntime

        kind = np.dtype(self.signature.cache_type).type
        shapes = [(rows, slot.heads, 0, slot.head_size) for slot in self.signature.cache]
        empty = onnxruntime.OrtValue.ortvalue_from_shape_and_type
        return Cache(tuple(empty(shape, kind, self._opened.device, self._opened.number) for shape in shapes), 0)
