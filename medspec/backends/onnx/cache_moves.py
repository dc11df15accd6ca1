"""Caches moved about where they lie: rows picked, beginnings cut off. On a GPU nothing of them comes to the host.

Both are graphs of one node, run by ONNX Runtime on the device of the caches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.graph_write import INT64, small_graph

if TYPE_CHECKING:
    import onnxruntime

NUMBER_TYPES = {"float32": 1, "float16": 10}
"""The number types of ONNX for those of caches."""

_CACHE = ("rows", "heads", "positions", "size")
_TAKE, _CUT = ("cache", "chosen"), ("cache", "start", "end", "axis")


@attrs.define
class CacheMoves:
    """Moves caches of one number type on one device, its kind and number. `open` opens a graph there."""

    _open: Callable[[bytes], onnxruntime.InferenceSession]
    _device: tuple[str, int]
    _number_type: str
    _sessions: dict[str, onnxruntime.InferenceSession] = attrs.field(factory=dict)

    def take(self, values: Sequence[onnxruntime.OrtValue], rows: Sequence[int]) -> tuple[onnxruntime.OrtValue, ...]:
        """Some of the rows of each tensor, in the given order, each as often as it is named."""
        return tuple(self._run("Gather", _TAKE, value, [list(rows)]) for value in values)

    def cut(self, values: Sequence[onnxruntime.OrtValue], length: int) -> tuple[onnxruntime.OrtValue, ...]:
        """The first `length` positions of each tensor."""
        return tuple(self._run("Slice", _CUT, value, [[0], [length], [2]]) for value in values)

    def _run(
        self, kind: str, names: Sequence[str], value: onnxruntime.OrtValue, numbers: Sequence[list[int]]
    ) -> onnxruntime.OrtValue:
        import numpy as np

        if kind not in self._sessions:
            cache = (NUMBER_TYPES[self._number_type], _CACHE)
            inputs = {name: cache if name == "cache" else (INT64, ("n",)) for name in names}
            self._sessions[kind] = self._open(small_graph(kind, inputs, {"moved": cache}))
        session = self._sessions[kind]
        binding: Any = session.io_binding()
        binding.bind_ortvalue_input("cache", value)
        for name, listed in zip(names[1:], numbers, strict=True):
            binding.bind_cpu_input(name, np.array(listed, dtype=np.int64))
        binding.bind_output("moved", *self._device)
        session.run_with_iobinding(binding)
        [moved] = binding.get_outputs()
        return moved
