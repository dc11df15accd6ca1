"""One step of a decoder: token ids and a cache in, logits and a longer cache out.

The cache stays where the model runs; only logits come back. A step never changes the cache it was given, so several
continuations can start from one prompt. What goes wrong inside the graph is raised as `StepFailed`, which concerns the
rows of this step and not the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.session import Opened
from medspec.backends.onnx.signature import Signature

if TYPE_CHECKING:
    import numpy
    import onnxruntime
    from numpy.typing import NDArray


class StepFailed(Exception):
    """The graph did not run for these rows, for want of memory perhaps: fewer rows may do."""


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

    def step(
        self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64], cache: Cache | None, *, last_only: bool
    ) -> tuple[NDArray[numpy.float32], Cache]:
        """Run `ids` [rows, new] after `cache`; `mask` [rows, length + new] is 0 where a position is padding.

        Returns logits [rows, new, ids], or [rows, 1, ids] of the last position with `last_only`, and the longer cache.
        Raises `StepFailed`.
        """
        import numpy as np

        rows, new = ids.shape
        before = self._empty(rows) if cache is None else cache
        assert mask.shape == (rows, before.length + new)
        feeds = self._feeds(ids, mask, first=cache is None, last_only=last_only)
        try:
            outputs = self._run(feeds, before)
        except MemoryError as err:
            raise StepFailed("not enough memory") from err
        except Exception as err:  # ONNX Runtime's errors have no common class below Exception
            raise StepFailed(next(iter(str(err).strip().splitlines()), repr(err))) from err
        logits = outputs[0].numpy()
        if last_only:
            logits = logits[:, -1:]
        return logits.astype(np.float32, copy=False), Cache(tuple(outputs[1:]), before.length + new)

    def take(self, cache: Cache, rows: Sequence[int]) -> Cache:
        """The cache of some of the rows, in the given order."""
        picked = [value.numpy()[list(rows)] for value in cache.values]
        return Cache(tuple(self._place(value) for value in picked), cache.length)

    def _run(self, feeds: dict[str, NDArray[Any]], before: Cache) -> list[onnxruntime.OrtValue]:
        binding = self._opened.session.io_binding()
        held = [self._place(value) for value in feeds.values()]  # kept alive until the run is over
        for name, value in zip(feeds, held, strict=True):
            binding.bind_ortvalue_input(name, value)
        for slot, past in zip(self.signature.cache, before.values, strict=True):
            binding.bind_ortvalue_input(slot.past, past)
        binding.bind_output("logits", "cpu")
        for slot in self.signature.cache:
            binding.bind_output(slot.present, self._opened.device)
        self._opened.session.run_with_iobinding(binding)
        return list(binding.get_outputs())

    def _feeds(
        self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64], *, first: bool, last_only: bool
    ) -> dict[str, NDArray[Any]]:
        """The declared inputs except the cache, each in its number type."""
        import numpy as np

        # A padded position gets the position of the first real token; nothing ever looks at it.
        positions = np.maximum(np.cumsum(mask, axis=1) - 1, 0)[:, -ids.shape[1] :]
        values: dict[str, NDArray[Any]] = {
            "input_ids": ids,
            "attention_mask": mask,
            "position_ids": positions,
            "use_cache_branch": np.array([not first]),
            "num_logits_to_keep": np.array(1 if last_only else 0),  # 0 stands for all
        }
        feeds = {}
        for name, declared in self.signature.inputs.items():
            value = values[name]
            if value.size == 1:  # the single numbers are declared as [] by some exporters and as [1] by others
                value = value.reshape((1,) * declared.rank)
            feeds[name] = np.asarray(value, dtype=declared.type, order="C")
        return feeds

    def _empty(self, rows: int) -> Cache:
        import numpy as np
        import onnxruntime

        kind = np.dtype(self.signature.cache_type).type
        shapes = [(rows, slot.heads, 0, slot.head_size) for slot in self.signature.cache]
        empty = onnxruntime.OrtValue.ortvalue_from_shape_and_type
        return Cache(tuple(empty(shape, kind, self._opened.device, 0) for shape in shapes), 0)

    def _place(self, value: NDArray[Any]) -> onnxruntime.OrtValue:
        import onnxruntime

        return onnxruntime.OrtValue.ortvalue_from_numpy(value, self._opened.device, 0)
