"""Several rows at once: prompts side by side, padded on the right, then one token per row and step until all are done.

The library lets rows of a batch only be chosen for by itself. So it is shown logits in which nothing but the chosen token
is possible. A row that is done stays in the batch, unseen. A batch that does not run is halved and tried again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.genai.library import NO_TOKEN, Loaded, last_logits
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.generate import WritingJob, Written, begin_row
from medspec.backends.onnx.room import Room, run_in_halves
from medspec.backends.onnx.tokens import Tokens

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@attrs.frozen
class Side:
    """Rows side by side in the library."""

    _generator: Any
    _vocabulary: int

    def next(self, chosen: Sequence[int]) -> NDArray[numpy.float32]:
        """Go on behind one token for each row. Returns the logits [rows, ids] after it. Raises `RuntimeError`."""
        import numpy as np

        shown = np.full((len(chosen), 1, self._vocabulary), -np.inf, dtype=np.float32)
        shown[np.arange(len(chosen)), 0, np.array(chosen)] = 0
        self._generator.set_logits(shown)
        self._generator.generate_next_token()
        return last_logits(self._generator)


def read_side_by_side(
    loaded: Loaded, prompts: Sequence[Sequence[int]], room: int
) -> tuple[Side, NDArray[numpy.float32]]:
    """Prompts with `room` tokens behind the longest, and the logits [rows, ids] after each. Raises `RuntimeError`, `StepFailed`."""
    import numpy as np

    width = max(map(len, prompts))
    block = np.full((len(prompts), width), NO_TOKEN, dtype=np.int32)
    for at, prompt in enumerate(prompts):
        block[at, : len(prompt)] = prompt
    generator = loaded.generator(len(prompts), width + room)
    generator.append_tokens(block)
    logits = last_logits(generator)
    return Side(generator, logits.shape[-1]), logits


def write_in_batches(
    loaded: Loaded, tokens: Tokens, jobs: Sequence[WritingJob], *, room: Room, context: int, padded: bool, seed: int
) -> Iterator[Written]:
    """Continue every prompt, the longest first; without `padded` only prompts of the same length share a batch."""
    ordered = sorted(jobs, key=lambda job: (-len(job.ids), job.index))
    groups = [ordered] if padded else [list(group) for _, group in groupby(ordered, key=lambda job: len(job.ids))]
    for group in groups:
        yield from _write_group(loaded, tokens, group, room, context, seed)


def _write_group(
    loaded: Loaded, tokens: Tokens, jobs: list[WritingJob], room: Room, context: int, seed: int
) -> Iterator[Written]:
    longest = max(job.room for job in jobs)

    def size(job: WritingJob) -> int:
        length = len(job.ids) + longest
        # Behind padding a short prompt may find less room than it has alone.
        return room.rows(length) if length <= context else 1

    def run(rows: list[WritingJob]) -> list[Written]:
        started = time.perf_counter()
        try:
            written = _write(loaded, tokens, rows, seed)
        except (RuntimeError, MemoryError) as err:
            raise StepFailed(str(err)) from err
        share = (time.perf_counter() - started) / len(rows)
        return [attrs.evolve(result, seconds=share) for result in written]

    def failed(err: StepFailed, rows: list[WritingJob]) -> None:
        room.shrink(err, len(rows), len(rows[0].ids) + rows[0].room)

    for rows, result in run_in_halves(jobs, size, run, failed):
        if isinstance(result, StepFailed):
            yield Written(job=rows[0], fault=str(result))
        else:
            yield from result


def _write(loaded: Loaded, tokens: Tokens, jobs: Sequence[WritingJob], seed: int) -> list[Written]:
    rows = [begin_row(tokens, job, seed) for job in jobs]
    side, logits = read_side_by_side(loaded, [job.ids for job in jobs], max(job.room for job in jobs))
    while True:
        chosen = [row.advance(logits[at]) if row.done is None else 0 for at, row in enumerate(rows)]
        if all(row.done is not None for row in rows):
            return [row.done for row in rows if row.done is not None]
        logits = side.next(chosen)
