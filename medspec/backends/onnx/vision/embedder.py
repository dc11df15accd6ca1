"""Vectors in place of ids, for decoders that take them; and positions in images, for those that want them.

The Qwen-VL family counts a position in three parts (time, row, column). They are equal for text. The places of an image share
one time, and their rows and columns count from it; text after an image goes on behind the largest of all. So a position does not
follow from how many tokens stand before it alone, and masks of this family say more than 0 and 1; see `marked`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.backends.onnx.session import Opened
from medspec.backends.onnx.vision.features import Features

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_IMAGE = 2
"""The mark of a place of an image; what is above it is how far the next position moves on."""


@attrs.frozen
class Embedder:
    """Token ids to vectors; negative ids are places of images."""

    opened: Opened
    features: Features
    _entry: str = attrs.field(init=False)
    """The name of the graph's input: asked for once, and not at every token."""

    @_entry.default
    def _only_input(self) -> str:
        (found,) = self.opened.session.get_inputs()
        return str(found.name)

    def vectors(self, ids: NDArray[numpy.int64]) -> NDArray[numpy.float32]:
        """Vectors [rows, length, width] of ids [rows, length]."""
        import numpy as np

        seen = ids < 0
        found = self.opened.session.run(None, {self._entry: np.where(seen, 0, ids)})[0]
        if not seen.any():
            return np.asarray(found)
        vectors = np.array(found)
        vectors[seen] = self.features.vectors(ids[seen]).astype(vectors.dtype)
        return vectors

    def marked(self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
        """`mask` with 2 at places of images, and at the last place of each as much more as the next position moves on."""
        import numpy as np

        if not (ids < 0).any():
            return mask
        marked = np.where(ids < 0, _IMAGE, mask)
        for row, place in zip(*np.nonzero(ids < 0), strict=True):
            image, at = self.features.image_of(int(ids[row, place]))
            if at == image.count - 1:
                marked[row, place] += max(image.grid or (image.count,))
        return marked

    def positions(self, ids: NDArray[numpy.int64], mask: NDArray[numpy.int64]) -> NDArray[numpy.int64]:
        """Positions [3, rows, new] of `ids` [rows, new], which are the last ones of `mask` [rows, length], as `marked` made it.

        The arithmetic of `get_rope_index` of the Qwen2-VL model in transformers, for still images.
        """
        import numpy as np

        moves = np.where(mask < _IMAGE, mask, mask - _IMAGE)
        base = (np.cumsum(moves, axis=1) - moves)[:, -ids.shape[1] :]
        positions = np.repeat(base[None], 3, axis=0)
        for row, place in zip(*np.nonzero(ids < 0), strict=True):
            image, at = self.features.image_of(int(ids[row, place]))
            across = image.grid[1] if image.grid is not None else image.count
            positions[1, row, place] += at // across
            positions[2, row, place] += at % across
        return positions
