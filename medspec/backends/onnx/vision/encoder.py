"""The graphs of an image-text model beside its decoder: found in the folder, opened, and run.

onnx/vision_encoder.onnx    onnx/embed_tokens.onnx    onnx/decoder_model_merged.onnx       (and with suffixes: _fp16, _q4, ...)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Picture
from medspec.backends.onnx.session import Opened
from medspec.backends.onnx.vision.features import Encoded
from medspec.backends.onnx.vision.pixels import BadImage, open_image
from medspec.errors import BackendError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medspec.backends.onnx.vision.pixels import Processor

_GRID = "image_grid_thw"
_NUMBER_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


@attrs.frozen(kw_only=True)
class Encoder:
    """Images to vectors."""

    graph: Path
    opened: Opened
    process: Processor
    merge: int
    """How many patches a side become one vector, where the processor tells patches and not places."""

    def encode(self, picture: Picture) -> Encoded:
        """The vectors of one image. Raises `BadImage`, also where the encoder cannot run on it."""
        import numpy as np

        given = self.process(open_image(picture))
        try:
            features = self.opened.session.run(None, self._feeds(given))[0]
        except Exception as error:  # ONNX Runtime's errors have no common class below Exception
            first = next(iter(str(error).strip().splitlines()), repr(error))
            raise BadImage(f"{picture.path}: the vision encoder does not run on it: {first}") from error
        vectors = np.asarray(features, dtype=np.float32).reshape(-1, features.shape[-1])
        if not np.isfinite(vectors).all():
            raise BadImage(f"{picture.path}: the vision encoder's numbers are not finite")
        return Encoded(vectors=vectors, grid=self._grid(given, len(vectors), picture))

    def _grid(self, given: Mapping[str, NDArray[Any]], count: int, picture: Picture) -> tuple[int, int] | None:
        if _GRID not in given:
            return None
        _, rows, columns = (int(size) for size in given[_GRID][0])
        grid = rows // self.merge, columns // self.merge
        if grid[0] * grid[1] != count:
            raise BadImage(f"{picture.path}: {count} vectors for a grid of {grid[0]} x {grid[1]}")
        return grid

    def _feeds(self, given: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        import numpy as np

        feeds: dict[str, NDArray[Any]] = {}
        for item in self.opened.session.get_inputs():
            if item.name == "pixel_attention_mask" and item.name not in given:
                feeds[item.name] = np.ones(
                    given["pixel_values"].shape[:-3] + given["pixel_values"].shape[-2:], dtype=bool
                )
                continue
            if item.name not in given:
                raise BackendError(
                    f"{self.graph}: the vision encoder takes `{item.name}`, and the image processor gives {', '.join(given)}"
                )
            feeds[item.name] = np.ascontiguousarray(given[item.name], dtype=_NUMBER_TYPES.get(item.type, "float32"))
        return feeds
