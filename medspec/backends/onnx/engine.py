"""How the rows of a call are run: which caches, how many rows at once, and what is kept for the next call.

    exact      every row alone and from its first token; every option in one run of its own
    slots      `GroupQueryAttention` on the CPU: buffers written in place (`slots.py`)
    growing    everything else: caches that grow by a copy, shared beginnings run once

`exact` is also what graphs get whose rounding depends on everything in a batch: there, neighbours would move a reply.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs

from medspec.backends.onnx.decoder import Decoder, StepFailed
from medspec.backends.onnx.generate import WritingJob, Written, write_all
from medspec.backends.onnx.generate_slots import write_in_slots
from medspec.backends.onnx.prefixes import Prefixes, stretches
from medspec.backends.onnx.room import Room
from medspec.backends.onnx.score import Scored, ScoringJob, longest_run, score_alone, score_in_slots
from medspec.backends.onnx.score_batches import score_in_batches
from medspec.backends.onnx.shared_rows import SharedRows
from medspec.backends.onnx.slots import Slots, make_slots
from medspec.backends.onnx.tokens import Tokens

_WORTH_SHARING = 2048
"""So many positions, of all rows of a step together, must a shared beginning save: less costs more than it brings."""


@attrs.define
class Engine:
    """A decoder with the way it is run and the caches of what it saw last."""

    decoder: Decoder
    tokens: Tokens
    way: str
    """`exact`, `slots` or `growing`."""
    room: Room
    seed: int
    trees: bool = False
    """Whether the options of a row go in one run, in slots (`trees.py`)."""
    sharing: bool = False
    """Whether replies to prompts that begin alike hold their beginning once, in slots (`sharing.py`)."""
    _slots: Slots | None = None
    _prefixes: Prefixes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._prefixes = Prefixes(self.decoder)

    def score(self, jobs: Sequence[ScoringJob]) -> Iterator[Scored]:
        """The option scores of all jobs, in any order."""
        if not jobs:
            return
        if self.way == "exact":
            yield from score_alone(self.decoder, jobs)
            return
        if self.way == "slots":
            slots = self._slots_for(1, max(longest_run(job, trees=self.trees) for job in jobs))
            if slots is not None:
                yield from score_in_slots(slots, jobs, trees=self.trees)
                return
        yield from score_in_batches(self.decoder, jobs, self._prefixes, self.room)

    def write(self, jobs: Sequence[WritingJob]) -> Iterator[Written]:
        """The replies of all jobs, in any order."""
        if not jobs:
            return
        if self.way == "slots":
            for group, shared in self._groups(jobs):
                yield from self._write_in_slots(group, shared)
            return
        yield from self._write_growing(jobs)

    def _groups(self, jobs: Sequence[WritingJob]) -> list[tuple[list[WritingJob], int]]:
        """Jobs that are written together, and how many tokens at the start they share as one beginning."""
        if not self.sharing:
            return [(list(jobs), 0)]
        groups, others = [], []
        for branch in stretches([job.ids for job in jobs], 2 * self.room.batch):
            members = [jobs[at] for at in branch.members]
            if branch.shared * min(len(members), self.room.batch) >= _WORTH_SHARING:
                groups.append((members, branch.shared))
            else:
                others += members
        return [*groups, (others, 0)] if others else groups

    def _write_in_slots(self, jobs: list[WritingJob], shared: int) -> Iterator[Written]:
        longest = max(len(job.ids) + job.room for job in jobs) - shared
        rows = min(self.room.rows(longest, copies=1), len(jobs))
        reader = self._slots_for(1, max(len(job.ids) for job in jobs)) if shared else None
        own = None if reader is None else _halved(rows, lambda count: make_slots(self.decoder, count, longest))
        if reader is not None and own is not None:
            yield from write_in_slots(SharedRows(reader, own, shared), self.tokens, jobs, seed=self.seed)
            return
        slots = self._slots_for(rows, longest + shared)
        if slots is None:
            yield from self._write_growing(jobs)
        else:
            yield from write_in_slots(slots, self.tokens, jobs, seed=self.seed)

    def _write_growing(self, jobs: Sequence[WritingJob]) -> Iterator[Written]:
        alone = self.way == "exact"
        yield from write_all(
            self.decoder,
            self.tokens,
            jobs,
            room=Room(1, None, 0) if alone else self.room,
            seed=self.seed,
            prefixes=None if alone else self._prefixes,
        )

    def _slots_for(self, rows: int, length: int) -> Slots | None:
        """Slots for so many rows or fewer; None where not even one row finds memory."""
        found = _halved(rows, lambda count: make_slots(self.decoder, count, length, self._slots))
        self._slots = found or self._slots
        return found


def _halved(rows: int, make: Callable[[int], Slots]) -> Slots | None:
    while rows:
        try:
            return make(rows)
        except StepFailed:
            rows //= 2
    return None
