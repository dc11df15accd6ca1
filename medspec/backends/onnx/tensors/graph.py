"""One graph that maps tensors to tensors, opened and run. What goes wrong inside it concerns the rows it was run on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.session import Opened
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_SIDES = 2
_TYPES = {
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
}


@attrs.frozen
class TensorGraph:
    """`inputs` are the declared ones with their element types."""

    path: Path
    opened: Opened
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    mask_size: tuple[int, int] | None = None
    """Height and width of `pixel_mask`, where the graph takes one size only."""

    def run(self, given: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[numpy.float32]]:
        """The outputs for what of `given` the graph takes. Raises `StepFailed`."""
        import numpy as np

        feeds = {name: np.ascontiguousarray(given[name], dtype=kind) for name, kind in self.inputs.items()}
        mask = feeds.get("pixel_mask")
        if mask is not None and self.mask_size not in (None, mask.shape[1:]) and mask.all():
            # Exports of DETR may want 64 x 64 whatever the image; the graph fits the mask to its features by itself.
            feeds["pixel_mask"] = np.ones((len(mask), *self.mask_size), dtype=mask.dtype)
        try:
            found = self.opened.session.run(list(self.outputs), feeds)
        except Exception as err:  # ONNX Runtime's errors have no common class below Exception
            raise StepFailed(next(iter(str(err).strip().splitlines()), repr(err))) from err
        return {name: np.asarray(value, dtype=np.float32) for name, value in zip(self.outputs, found, strict=True)}


def read_graph(path: Path, opened: Opened, takes: tuple[str, ...], gives: tuple[str, ...]) -> TensorGraph:
    """The graph, which takes some of `takes` and gives all of `gives`. Raises `BackendError` naming what does not fit."""
    inputs = {item.name: item.type for item in opened.session.get_inputs()}
    outputs = [item.name for item in opened.session.get_outputs()]
    unknown = sorted(name for name in inputs if name not in takes)
    if unknown:
        raise BackendError(f"{path}: `onnx:` cannot feed these inputs of the graph: {', '.join(unknown)}")
    missing = [name for name in gives if name not in outputs]
    if missing:
        raise BackendError(f"{path}: the graph has no output `{missing[0]}`; it has {', '.join(outputs)}")
    strange = next((f"{name} has the type {kind}" for name, kind in inputs.items() if kind not in _TYPES), None)
    if strange is not None:
        raise BackendError(f"{path}: {strange}; known are {', '.join(_TYPES)}")
    size: list[Any] = next((item.shape[1:] for item in opened.session.get_inputs() if item.name == "pixel_mask"), [])
    fixed = tuple(size) if len(size) == _SIDES and all(isinstance(side, int) for side in size) else None
    return TensorGraph(path, opened, {name: _TYPES[kind] for name, kind in inputs.items()}, gives, fixed)
