"""Prompts that begin alike: which beginnings to run once, and the caches of those that were.

Beginnings are compared as tokens and never as texts, since a text that is cut in two can have other tokens. Whatever
order the rows come in, they are sorted here, and those with the same beginning stand together.

    [1 2 3 4 5]  [1 2 3 4 6]  [9 9]       ->     after [1 2 3 4]: the first two       after nothing: the third
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs

from medspec.backends.onnx.decoder import Cache, Decoder, last_places

_SHORTEST = 8
"""Shorter beginnings are not worth a step of their own."""

_WORTH = 48
"""So many tokens must be saved: a step costs about as much as this many, however short it is."""

_KEPT = 4


def common_length(one: Sequence[object], other: Sequence[object]) -> int:
    """How many tokens or characters at the start are the same in both. Both of one kind, two tuples or two texts, say.

    >>> common_length((1, 2, 3), (1, 2, 4, 5))
    2
    """
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:  # same up to low, and not up to high
        middle = (low + high) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle)
    return low


@attrs.frozen
class Branch:
    """Prompts, as their places in a list, that are run after the cache of their first `shared` tokens."""

    shared: int
    members: tuple[int, ...]


def branches(prompts: Sequence[tuple[int, ...]]) -> list[Branch]:
    """Every prompt in one branch, so that long common beginnings are run once; all prompts have at least one token.

    A prompt is never all of its beginning: its last token is run with the prompt. Branches stand in an order in which
    each beginning comes right after one that it starts with.
    """
    order = sorted(range(len(prompts)), key=prompts.__getitem__)
    same = [0, *(common_length(prompts[one], prompts[other]) for one, other in zip(order, order[1:], strict=False))]
    found: list[Branch] = []
    waiting = [(0, len(order), 0, _SHORTEST)]
    while waiting:
        start, end, depth, least = waiting.pop()
        leaves: list[int] = []
        inner: list[tuple[int, int, int, int]] = []
        while start < end:
            after = start + 1
            while after < end and same[after] >= least:
                after += 1
            shared = min((*same[start + 1 : after], *(len(prompts[at]) - 1 for at in order[start:after])))
            if after - start == 1 or shared <= depth:
                leaves += order[start:after]
            elif (after - start - 1) * (shared - depth) >= _WORTH:
                inner.append((start, after, shared, shared + _SHORTEST))
            else:
                inner.append((start, after, depth, max(shared, least) + 1))
            start = after
        if leaves:
            found.append(Branch(depth, tuple(leaves)))
        waiting += reversed(inner)
    return found


def stretches(prompts: Sequence[tuple[int, ...]], least: int) -> list[Branch]:
    """Every prompt in one branch, so that few branches share much: one of its own has at least `least` members.

    As in `branches`, a prompt is never all of its beginning.
    """
    order = sorted(range(len(prompts)), key=prompts.__getitem__)
    same = [0, *(common_length(prompts[one], prompts[other]) for one, other in zip(order, order[1:], strict=False))]
    found: list[Branch] = []
    waiting = [(0, len(order))] if prompts else []
    while waiting:
        start, end = waiting.pop()
        shared = min(same[start + 1 : end], default=len(prompts[order[start]]))
        cuts = [start, *(at for at in range(start + 1, end) if same[at] == shared), end]
        large = [piece for piece in pairwise(cuts) if piece[1] - piece[0] >= least and len(cuts) > 2]
        taken = {at for piece in large for at in range(*piece)}
        members = tuple(order[at] for at in range(start, end) if at not in taken)
        if members:
            found.append(Branch(min(shared, *(len(prompts[member]) - 1 for member in members)), members))
        waiting += reversed(large)
    return found


@attrs.define
class Prefixes:
    """The caches of the beginnings that were run last, each one longer than the one before it and starting with it."""

    _decoder: Decoder
    _kept: list[tuple[tuple[int, ...], Cache]] = attrs.field(factory=list)

    def cache_of(self, ids: tuple[int, ...]) -> Cache | None:
        """The cache of these tokens, one row; None for none. Raises `StepFailed`."""
        import numpy as np

        reach = [common_length(known, ids) for known, _ in self._kept]
        best = max(range(len(reach)), key=reach.__getitem__, default=None)
        cache = None
        if best is not None and reach[best]:
            known, cache = self._kept[best]
            cache = cache if len(known) == reach[best] else self._decoder.cut(cache, reach[best])
        self._kept = [(known, old) for known, old in self._kept if known == ids[: len(known)]]
        done = 0 if cache is None else cache.length
        if done < len(ids):
            new = np.array([ids[done:]], dtype=np.int64)
            _, cache = self._decoder.step(new, self._decoder.marks([ids]), cache, last_places(1, 0)[:0])
        if cache is not None and all(known != ids for known, _ in self._kept):
            self._kept = [*self._kept, (ids, cache)][-_KEPT:]
        return cache

    def forget(self) -> None:
        """Give the memory back."""
        self._kept = []
