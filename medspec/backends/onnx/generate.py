"""Writing replies: batches of prompts, one token per row and step, until every row is done.

Rows that are done stay in the batch, unseen, until half of it is done; then the others go on alone. A batch that does
not run is halved and tried again, so a row that fails takes no neighbour with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import attrs

from medspec.backends.base import Decode
from medspec.backends.onnx.constrain import Held
from medspec.backends.onnx.decoder import Cache, Decoder, StepFailed, last_places
from medspec.backends.onnx.prefixes import Branch, Prefixes, branches
from medspec.backends.onnx.reply_text import ReplyText
from medspec.backends.onnx.room import Room, run_in_halves
from medspec.backends.onnx.sampling import NOT_FINITE, next_token, row_generator
from medspec.backends.onnx.tokens import Tokens

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@attrs.frozen(kw_only=True)
class WritingJob:
    """A prompt to be continued by at most `room` tokens. `ends` are the ids that end the reply."""

    index: int
    task: str
    row: str
    ids: tuple[int, ...]
    room: int
    ends: frozenset[int]
    decode: Decode
    hold: Callable[[], Held] | None = None
    """Makes what holds the reply to a grammar, from its first token."""


@attrs.frozen(kw_only=True)
class Written:
    """What became of one job. `seconds` is its share of its batch's time."""

    job: WritingJob
    text: str = ""
    finish: str = "stop"
    ids: tuple[int, ...] = ()
    """The tokens of the reply, those of a stop text too, the end token not."""
    seconds: float = 0.0
    fault: str | None = None


@attrs.define
class Row:
    """A reply while it is written."""

    job: WritingJob
    text: ReplyText
    generator: numpy.random.Generator | None
    held: Held | None
    done: Written | None = None
    seconds: float = 0.0

    def advance(self, logits: NDArray[numpy.float32]) -> int:
        """Take the next token and see whether the row is done with it."""
        import numpy as np

        if not np.isfinite(logits).all():
            self.done = Written(job=self.job, fault=NOT_FINITE)
            return 0
        if self.held is not None:
            logits = self.held.allow(logits)
        token = next_token(logits, self.job.decode.temperature, self.generator)
        if token in self.job.ends or self.text.push(token):
            self._finish("stop")
        elif self.held is not None and self.held.take(token):
            self._finish("stop")
        elif len(self.text.ids) >= self.job.room:
            self._finish("length")
        return token

    def result(self) -> Written:
        """What became of the row, once it is done."""
        assert self.done is not None
        return attrs.evolve(self.done, seconds=self.seconds)

    def _finish(self, finish: str) -> None:
        text, stopped = self.text.text()
        self.done = Written(job=self.job, text=text, finish="stop" if stopped else finish, ids=tuple(self.text.ids))


def begin_row(tokens: Tokens, job: WritingJob, seed: int) -> Row:
    """A reply of no tokens yet."""
    generator = row_generator(seed, job.task, job.row) if job.decode.temperature > 0 else None
    return Row(job, ReplyText(tokens, job.decode.stop), generator, None if job.hold is None else job.hold())


def write_all(
    decoder: Decoder,
    tokens: Tokens,
    jobs: Sequence[WritingJob],
    *,
    room: Room,
    seed: int,
    prefixes: Prefixes | None = None,
) -> Iterator[Written]:
    """Continue every prompt, in batches of rows of similar length, the longest first.

    With `prefixes` long common beginnings are run once.
    """
    if prefixes is None:
        found = [Branch(0, tuple(range(len(jobs))))] if jobs else []
    else:
        found = branches([job.ids for job in jobs])
    for branch in found:
        for group in _groups(decoder, [jobs[at] for at in branch.members]):
            yield from _write_group(decoder, tokens, group, branch.shared, room, seed, prefixes)


def _groups(decoder: Decoder, jobs: Sequence[WritingJob]) -> list[list[WritingJob]]:
    """Jobs that may share a batch, the longest first."""
    ordered = sorted(jobs, key=lambda job: (-len(job.ids), job.index))
    if decoder.signature.pads_left:
        return [ordered]
    return [list(group) for _, group in groupby(ordered, key=lambda job: len(job.ids))]


def _write_group(
    decoder: Decoder,
    tokens: Tokens,
    jobs: list[WritingJob],
    shared: int,
    room: Room,
    seed: int,
    prefixes: Prefixes | None,
) -> Iterator[Written]:
    def size(job: WritingJob) -> int:
        return 1 if shared and not decoder.signature.continues_batches else room.rows(len(job.ids) + job.room)

    def run(rows: list[WritingJob]) -> list[Written]:
        started = time.perf_counter()
        cache = None if prefixes is None else prefixes.cache_of(rows[0].ids[:shared])
        written = _write(decoder, tokens, rows, cache, seed)
        share = (time.perf_counter() - started) / len(rows)
        return [attrs.evolve(result, seconds=share) for result in written]

    def failed(err: StepFailed, rows: list[WritingJob]) -> None:
        room.shrink(err, len(rows), len(rows[0].ids) + rows[0].room)

    for rows, result in run_in_halves(jobs, size, run, failed):
        if isinstance(result, StepFailed):
            yield Written(job=rows[0], fault=str(result))
        else:
            yield from result


def _write(
    decoder: Decoder, tokens: Tokens, jobs: Sequence[WritingJob], prefix: Cache | None, seed: int
) -> list[Written]:
    import numpy as np

    rows = [begin_row(tokens, job, seed) for job in jobs]
    done = 0 if prefix is None else prefix.length
    ids, mask = pad_left([job.ids[done:] for job in jobs])
    # Padding stands between the beginning that all share and what is each row's own.
    mask = np.concatenate([decoder.marks([job.ids[:done] for job in jobs]), decoder.marked(ids, mask)], axis=1)
    cache = prefix if prefix is None or len(jobs) == 1 else decoder.take(prefix, [0] * len(jobs))
    logits, cache = decoder.step(ids, mask, cache, last_places(*ids.shape))
    batch = rows
    while True:
        chosen = np.array([row.advance(logits[at]) if row.done is None else 0 for at, row in enumerate(batch)])
        alive = [at for at, row in enumerate(batch) if row.done is None]
        if not alive:
            return [row.done for row in rows if row.done is not None]
        if 2 * len(alive) <= len(batch):
            cache, mask, chosen = decoder.take(cache, alive), mask[alive], chosen[alive]
            batch = [batch[at] for at in alive]
        # A row that is done gets a masked position, so that its count does not run past the context. Where lengths are
        # all a graph knows, rows were equally long from the start, and it may not differ now.
        seen = [int(row.done is None or not decoder.signature.pads_left) for row in batch]
        mask = np.concatenate([mask, np.array(seen, dtype=np.int64)[:, None]], axis=1)
        logits, cache = decoder.step(chosen[:, None].astype(np.int64), mask, cache, last_places(len(batch), 1))


def pad_left(prompts: Sequence[Sequence[int]]) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    """Prompts as one block [rows, longest] with padding on the left, and its mask (1 where a token is)."""
    import numpy as np

    width = max(len(prompt) for prompt in prompts)
    ids = np.zeros((len(prompts), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for at, prompt in enumerate(prompts):
        ids[at, width - len(prompt) :] = prompt
        mask[at, width - len(prompt) :] = 1
    return ids, mask
