"""Which of many keys were there before, at eight bytes for each: whole keys of two million rows would take 300 MB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class SeenKeys:
    """The keys that were added so far, each by its first sixty-four bits. Keys are hex digests."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        """Sorted, uint64 each, every one more than twice as long as the next: a key is looked for in few of them."""

    def add(self, keys: Sequence[str]) -> list[str]:
        """Add `keys`, no two of them equal; returns those that were not there before, in order."""
        import numpy as np

        short = np.array([int(key[:16], 16) for key in keys], np.uint64)
        known = np.zeros(len(keys), bool)
        for part in self._parts:
            places = np.minimum(np.searchsorted(part, short), len(part) - 1)
            known |= part[places] == short
        if known.all():
            return []
        added = np.sort(short[~known])
        while self._parts and len(self._parts[-1]) <= 2 * len(added):
            added = np.sort(np.concatenate([self._parts.pop(), added]))
        self._parts.append(added)
        return [key for key, before in zip(keys, known.tolist(), strict=True) if not before]
