"""Choosing the next token, and the log-likelihood of a given one.

Greedy takes the smallest id among equal logits. Sampling draws from one stream of numbers per row, seeded by the row's
id and never by its place in a batch, so a row gets the same reply in any order and beside any neighbours.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


NOT_FINITE = "the model's logits are not finite numbers"
"""Why a row has no reply, and the model is to blame."""


def row_generator(seed: int, task: str, row: str) -> numpy.random.Generator:
    """The stream of random numbers of one row of one task."""
    import numpy as np

    digest = hashlib.sha256(f"{seed}\0{task}\0{row}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def next_token(logits: NDArray[numpy.float32], temperature: float, generator: numpy.random.Generator | None) -> int:
    """The next id given finite `logits` [ids]. Temperature 0 is greedy and needs no `generator`."""
    import numpy as np

    if temperature <= 0 or generator is None:
        return int(np.argmax(logits))
    scaled = (logits.astype(np.float64) - float(logits.max())) / temperature
    cumulated = np.cumsum(np.exp(scaled))
    drawn = generator.random() * cumulated[-1]
    return int(min(np.searchsorted(cumulated, drawn, side="right"), len(logits) - 1))


def log_likelihood(logits: NDArray[numpy.float32], ids: NDArray[numpy.int64]) -> float:
    """The summed natural log-probability of `ids` [n] under `logits` [n, ids]; NaN when a logit is not finite."""
    import numpy as np

    if not np.isfinite(logits).all():
        return float("nan")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sums = np.log(np.exp(shifted).sum(axis=-1))
    picked = shifted[np.arange(len(ids)), ids] - log_sums
    return float(picked.sum())


def log_probabilities(logits: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """The natural log-probability of every id under `logits` [ids]; all NaN when a logit is not finite."""
    import numpy as np

    if not np.isfinite(logits).all():
        return np.full_like(logits, np.nan)
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))
