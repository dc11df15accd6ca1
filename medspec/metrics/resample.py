"""The bootstrap for metrics that need more than a table: rows drawn with replacement, as weights or as sums.

Nothing here calls a metric again for a resampled batch. What a metric needs of a row is put into a few numbers once, and
drawn rows are added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_NUMBERS_AT_ONCE = 4_000_000
"""How many numbers a chunk of draws may hold: about 32 MB."""


def draws_of(rows: int, resamples: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each row is drawn, in chunks of shape [draws, rows], float64, `resamples` draws in all."""
    import numpy as np

    chunk = max(1, _NUMBERS_AT_ONCE // rows)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        places = generator.integers(0, rows, size=(size, rows)) + np.arange(size)[:, None] * rows
        yield np.bincount(places.ravel(), minlength=size * rows).reshape(size, rows).astype(np.float64)


def resampled_sums(statistics: np.ndarray, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """Sums over drawn rows of `statistics` (float64 of shape [rows, numbers]): float64 of shape [resamples, numbers].

    Rows with equal statistics are alike. Where few of them differ, how often each kind is drawn is multinomial, which
    takes no time per row.
    """
    import numpy as np

    rows = len(statistics)
    kinds, counts = np.unique(statistics, axis=0, return_counts=True)
    if len(kinds) * 2 <= rows:
        chunk = max(1, _NUMBERS_AT_ONCE // len(kinds))
        sizes = (min(chunk, resamples - start) for start in range(0, resamples, chunk))
        return np.concatenate([generator.multinomial(rows, counts / rows, size=size) @ kinds for size in sizes])
    return np.concatenate([weights @ statistics for weights in draws_of(rows, resamples, generator)])
