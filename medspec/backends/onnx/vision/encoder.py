"""The graphs of an image-text model beside its decoder: found in the folder, opened, and run.

onnx/vision_encoder.onnx    onnx/embed_tokens.onnx    onnx/decoder_model_merged.onnx       (and with suffixes: _fp16, _q4, ...)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Picture
from medspec.backends.onnx.session import Opened
from medspec.backends.onnx.vision.features import Encoded
from medspec.backends.onnx.vision.pixels import TILES, BadImage, inputs_of
from medspec.errors import BackendError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medspec.backends.onnx.vision.pixels import Processor

_GRID = "image_grid_thw"
_TILED_AXES = 5
_TILES_AT_ONCE = 4
"""Tiles that an accelerator is given together."""

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

        given = inputs_of(picture, self.process)
        feeds = self._feeds(given)
        try:
            found = [self.opened.session.run(None, some)[0] for some in self._groups(feeds)]
        except Exception as error:  # ONNX Runtime's errors have no common class below Exception
            first = next(iter(str(error).strip().splitlines()), repr(error))
            raise BadImage(f"{picture.path}: the vision encoder does not run on it: {first}") from error
        vectors = np.concatenate([np.asarray(some, dtype=np.float32).reshape(-1, some.shape[-1]) for some in found])
        if not np.isfinite(vectors).all():
            raise BadImage(f"{picture.path}: the vision encoder's numbers are not finite")
        return Encoded(vectors=vectors, grid=self._grid(given, len(vectors), picture), tiles=_tiles(given))

    def _grid(self, given: Mapping[str, NDArray[Any]], count: int, picture: Picture) -> tuple[int, int] | None:
        if _GRID not in given:
            return None
        _, rows, columns = (int(size) for size in given[_GRID][0])
        grid = rows // self.merge, columns // self.merge
        if grid[0] * grid[1] != count:
            raise BadImage(f"{picture.path}: {count} vectors for a grid of {grid[0]} x {grid[1]}")
        return grid

    def _groups(self, feeds: dict[str, NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
        """The tiles of an image in turns, [1, tiles, 3, height, width] each; without tiles everything at once.

        Tiles do not see each other. All 17 of a large image at once want 2 GB for the attention of a tower of 512 pixels, and
        take longer on a processor than one by one.
        """
        pixels = feeds.get("pixel_values")
        if pixels is None or pixels.ndim != _TILED_AXES:
            yield feeds
            return
        step = 1 if self.opened.device == "cpu" else _TILES_AT_ONCE
        for start in range(0, pixels.shape[1], step):
            yield {name: value[:, start : start + step] for name, value in feeds.items()}

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


def _tiles(given: Mapping[str, NDArray[Any]]) -> tuple[int, int] | None:
    if not set(TILES) <= set(given):
        return None
    rows, columns = (int(given[name].flat[0]) for name in TILES)
    return rows, columns
