"""Which way a call is run: one row that is taken back to what prompts have in common, or several rows side by side.

A batch of the library cannot go on behind a beginning that its prompts share. So for written replies the two are weighed:
tokens that need not be read again, and steps that several rows share. Options are scored in one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import attrs

from medspec.backends.genai.batches import write_in_batches
from medspec.backends.genai.library import Loaded
from medspec.backends.genai.row import OneRow, make_row
from medspec.backends.genai.self_check import Ways
from medspec.backends.onnx.generate import WritingJob, Written
from medspec.backends.onnx.generate_slots import write_in_slots
from medspec.backends.onnx.prefixes import common_length
from medspec.backends.onnx.room import Room
from medspec.backends.onnx.score import Scored, ScoringJob, longest_run, score_in_slots
from medspec.backends.onnx.tokens import Tokens

_STEP = {"cpu": 15, "cuda": 250}
"""A step of one token takes about as long as so many tokens of a prompt; that of a GPU is not measured."""


@attrs.define
class GenaiEngine:
    """A loaded model with the ways that work on it, and the row that it read last."""

    loaded: Loaded
    tokens: Tokens
    ways: Ways
    room: Room
    context: int
    seed: int
    exact: bool
    """Every row alone and from its first token."""
    _row: OneRow | None = None

    def score(self, jobs: Sequence[ScoringJob]) -> Iterator[Scored]:
        """The option scores of all jobs, in any order."""
        if jobs:
            row = self._row_for(max(longest_run(job, trees=False) for job in jobs))
            yield from score_in_slots(row, jobs, trees=False)

    def write(self, jobs: Sequence[WritingJob]) -> Iterator[Written]:
        """The replies of all jobs, in any order."""
        if not jobs:
            return
        if self._side_by_side(jobs):
            yield from write_in_batches(
                self.loaded,
                self.tokens,
                jobs,
                room=self.room,
                context=self.context,
                padded=self.ways.padded,
                seed=self.seed,
            )
            return
        row = self._row_for(max(len(job.ids) + job.room for job in jobs))
        yield from write_in_slots(row, self.tokens, jobs, seed=self.seed)

    def _row_for(self, length: int) -> OneRow:
        ways = self.ways
        rewinds = ways.rewinds and not self.exact
        self._row = make_row(
            self.loaded, length, rewinds=rewinds, all_logits=ways.all_logits, before=self._row if rewinds else None
        )
        return self._row

    def _side_by_side(self, jobs: Sequence[WritingJob]) -> bool:
        """Whether rows that share steps save more than rows that share beginnings."""
        if self.exact or self.room.batch == 1 or not (self.ways.padded or self.ways.equal):
            return False
        rows = min(self.room.batch, len(jobs))
        if not self.ways.padded:
            rows = min(rows, len(jobs) // len({len(job.ids) for job in jobs}))
        steps = sum(job.room for job in jobs) * (1 - 1 / max(1, rows)) * _STEP[self.loaded.device]
        ordered = sorted(job.ids for job in jobs)
        read = sum(common_length(one, other) for one, other in pairwise(ordered)) if self.ways.rewinds else 0
        return steps > read
