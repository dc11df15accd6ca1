"""Replies and option scores of an encoder-decoder model, in batches.

Prompts of similar length share a batch, the longest first. Rows that are done leave it when half of it is done. A batch that
does not run is halved and tried again, so a row that fails takes no neighbour with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.generate import WritingJob, Written, begin_row
from medspec.backends.onnx.room import Room, run_in_halves
from medspec.backends.onnx.sampling import NOT_FINITE, log_likelihood
from medspec.backends.onnx.seq2seq.graphs import Graphs, State, pad_right
from medspec.backends.onnx.tokens import Tokens

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@attrs.frozen(kw_only=True)
class OptionsJob:
    """A prompt, and the ids of the texts whose likelihood after it is asked for. Each has at least one."""

    index: int
    ids: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]


@attrs.frozen(kw_only=True)
class OptionsScored:
    """Summed natural log-likelihoods in the order of the options, or why there are none."""

    job: OptionsJob
    scores: tuple[float, ...] | None = None
    seconds: float = 0.0
    fault: str | None = None


def write_all(
    graphs: Graphs, tokens: Tokens, jobs: Sequence[WritingJob], *, room: Room, seed: int
) -> Iterator[Written]:
    """The replies to all prompts, in any order."""

    def run(rows: list[WritingJob]) -> list[Written]:
        started = time.perf_counter()
        written = _write(graphs, tokens, rows, seed)
        share = (time.perf_counter() - started) / len(rows)
        return [attrs.evolve(result, seconds=share) for result in written]

    def failed(err: StepFailed, rows: list[WritingJob]) -> None:
        room.shrink(err, len(rows), len(rows[0].ids) + rows[0].room)

    ordered = sorted(jobs, key=lambda job: (-len(job.ids), job.index))
    for rows, result in run_in_halves(ordered, lambda job: room.rows(len(job.ids) + job.room), run, failed):
        if isinstance(result, StepFailed):
            yield Written(job=rows[0], fault=str(result))
        else:
            yield from result


def _write(graphs: Graphs, tokens: Tokens, jobs: Sequence[WritingJob], seed: int) -> list[Written]:
    import numpy as np

    rows = [begin_row(tokens, job, seed) for job in jobs]
    state = graphs.read([job.ids for job in jobs])
    logits, state = graphs.step(state, _starts(graphs, len(jobs)))
    batch = rows
    while True:
        chosen = np.array([row.advance(logits[at, -1]) if row.done is None else 0 for at, row in enumerate(batch)])
        alive = [at for at, row in enumerate(batch) if row.done is None]
        if not alive:
            return [row.done for row in rows if row.done is not None]
        if 2 * len(alive) <= len(batch):
            state, chosen = state.take(alive), chosen[alive]
            batch = [batch[at] for at in alive]
        logits, state = graphs.step(state, chosen[:, None].astype(np.int64))


def score_all(graphs: Graphs, jobs: Sequence[OptionsJob], *, room: Room) -> Iterator[OptionsScored]:
    """The scores of the options of all prompts, in any order. A prompt is read once for all of its options."""

    def run(rows: list[OptionsJob]) -> list[OptionsScored]:
        started = time.perf_counter()
        state = graphs.read([job.ids for job in rows])
        pairs = [(at, option) for at, job in enumerate(rows) for option in dict.fromkeys(job.options)]
        found: dict[tuple[int, tuple[int, ...]], float] = {}
        for start in range(0, len(pairs), room.batch):
            part = pairs[start : start + room.batch]
            found.update(zip(part, _scores(graphs, state, part), strict=True))
        share = (time.perf_counter() - started) / len(rows)
        return [_scored(job, [found[at, option] for option in job.options], share) for at, job in enumerate(rows)]

    def size(job: OptionsJob) -> int:
        return room.rows(len(job.ids) + max(map(len, job.options)))

    def failed(err: StepFailed, rows: list[OptionsJob]) -> None:
        room.shrink(err, len(rows), len(rows[0].ids))

    ordered = sorted(jobs, key=lambda job: (-len(job.ids), job.index))
    for rows, result in run_in_halves(ordered, size, run, failed):
        if isinstance(result, StepFailed):
            yield OptionsScored(job=rows[0], fault=str(result))
        else:
            yield from result


def _scores(graphs: Graphs, state: State, pairs: Sequence[tuple[int, tuple[int, ...]]]) -> list[float]:
    """The score of each option after the prompt at its place in `state`."""
    import numpy as np

    before = len(graphs.start)
    # Behind an option stands padding, which nothing of the option looks at: a decoder looks back only.
    ids, _ = pad_right([(*graphs.start, *option[:-1]) for _, option in pairs])
    logits, _ = graphs.step(state.take([at for at, _ in pairs]), ids)
    return [
        log_likelihood(logits[row, before - 1 : before - 1 + len(option)], np.array(option, dtype=np.int64))
        for row, (_, option) in enumerate(pairs)
    ]


def _scored(job: OptionsJob, scores: list[float], seconds: float) -> OptionsScored:
    import math

    if any(math.isnan(score) for score in scores):
        return OptionsScored(job=job, seconds=seconds, fault=NOT_FINITE)
    return OptionsScored(job=job, scores=tuple(scores), seconds=seconds)


def _starts(graphs: Graphs, rows: int) -> NDArray[numpy.int64]:
    import numpy as np

    return np.tile(np.array(graphs.start, dtype=np.int64), (rows, 1))
