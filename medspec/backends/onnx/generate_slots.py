"""Writing replies in slots: a row that is done makes room for the next prompt at once.

Every prompt is read into a free row, after the longest beginning that some row holds already; then all rows take one
token per step. Rows are always the first ones of the buffers, since a step runs a block of them: where nothing waits, the
last row moves into the place that became free.

When a step fails, for want of memory perhaps, half of the rows start anew beside fewer neighbours. Replies do not change
by that: a row's tokens depend on its own prompt only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence

import attrs

from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.generate import Row, WritingJob, Written, begin_row
from medspec.backends.onnx.slots import Rows, admit
from medspec.backends.onnx.tokens import Tokens


def write_in_slots(slots: Rows, tokens: Tokens, jobs: Sequence[WritingJob], *, seed: int) -> Iterator[Written]:
    """Continue every prompt, in the order of their tokens. Each fits the slots with its reply."""
    return _Writing(slots, tokens, seed, deque(sorted(jobs, key=lambda job: job.ids)), slots.rows).results()


@attrs.define
class _Writing:
    slots: Rows
    tokens: Tokens
    seed: int
    waiting: deque[WritingJob]
    most: int
    """So many rows at once."""
    rows: list[Row | None] = attrs.field(factory=list)
    """The reply that is written in each of the first slots; None where it is done."""
    chosen: list[int] = attrs.field(factory=list)
    """The token each of them takes next."""

    def results(self) -> Iterator[Written]:
        while self.waiting or self.rows:
            for place in range(self.most):
                while self.waiting and (place >= len(self.rows) or self.rows[place] is None):
                    yield from self._admit(place, self.waiting.popleft())
            self._close_ranks()
            if self.rows:
                yield from self._advance([row for row in self.rows if row is not None])

    def _admit(self, place: int, job: WritingJob) -> Iterator[Written]:
        """Read a prompt into a slot. A reply that ends with its first token comes back at once."""
        row = begin_row(self.tokens, job, self.seed)
        started = time.perf_counter()
        try:
            logits = admit(self.slots, place, list(job.ids))
        except StepFailed as err:
            running = [row for row in self.rows if row is not None]
            if not running:
                yield Written(job=job, fault=str(err))
                return
            self.waiting.appendleft(job)
            self._close_ranks()
            self._retreat(max(1, len(running) // 2))
            return
        token = row.advance(logits)
        row.seconds += time.perf_counter() - started
        if row.done is not None:
            yield self._ended(place, row)
            return
        self.rows[place : place + 1] = [row]
        self.chosen[place : place + 1] = [token]

    def _ended(self, place: int, row: Row) -> Written:
        result = row.result()
        if result.fault is not None:
            self.slots.forget(place)
        return result

    def _advance(self, rows: list[Row]) -> Iterator[Written]:
        """One step of all rows."""
        import numpy as np

        started = time.perf_counter()
        try:
            logits = self.slots.step(np.array(self.chosen, dtype=np.int64))
        except StepFailed as err:
            if len(rows) > 1:
                self._retreat(len(rows) // 2)
                return
            self.rows, self.chosen = [], []
            yield Written(job=rows[0].job, fault=str(err))
            return
        self.chosen = [row.advance(logits[at]) for at, row in enumerate(rows)]
        share = (time.perf_counter() - started) / len(rows)
        for at, row in enumerate(rows):
            row.seconds += share
            if row.done is not None:
                self.rows[at] = None
                yield self._ended(at, row)

    def _close_ranks(self) -> None:
        """Move rows from the end into places that are free."""
        while None in self.rows:
            last = len(self.rows) - 1
            free = self.rows.index(None)
            if free != last:
                self.slots.copy(last, free, len(self.slots.held[last]))
                self.rows[free], self.chosen[free] = self.rows[last], self.chosen[last]
            self.rows.pop()
            self.chosen.pop()

    def _retreat(self, most: int) -> None:
        """Go on with so many rows at once; the others start anew later."""
        self.most = most
        self.waiting.extendleft(row.job for row in reversed(self.rows[most:]) if row is not None)
        del self.rows[most:], self.chosen[most:]
