"""Option scores with growing caches: rows that begin alike in one batch, then the rests of all their options in one.

Padding stands on the right, behind a row's tokens: a decoder looks back only, so it does no harm there. Options come
behind the padding, which the mask hides; so rows of different length can share a batch only where a graph is told mask
and positions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from medspec.backends.onnx.decoder import Cache, Decoder, StepFailed
from medspec.backends.onnx.prefixes import Prefixes, branches
from medspec.backends.onnx.room import Room, run_in_halves
from medspec.backends.onnx.score import OptionIds, Scored, ScoringJob, put_together, rest_places

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Logits = NDArray[numpy.float32]
    Block = NDArray[numpy.int64]

    Found = tuple[Logits | None, dict[OptionIds, Logits]]

_TOKENS = 256
"""On the CPU, batches of more tokens are slower by the token."""


def score_in_batches(decoder: Decoder, jobs: Sequence[ScoringJob], prefixes: Prefixes, room: Room) -> Iterator[Scored]:
    """Score all jobs, rows that begin alike and have similar length together."""
    for branch in branches([job.context or job.options[0].ids for job in jobs]):
        for group in _groups(decoder, [jobs[at] for at in branch.members]):
            yield from _score_group(decoder, group, branch.shared, prefixes, room)


def _groups(decoder: Decoder, jobs: Sequence[ScoringJob]) -> list[list[ScoringJob]]:
    """Jobs that may share a batch, the longest first."""
    ordered = sorted(jobs, key=lambda job: (-job.shared, job.index))
    if decoder.signature.pads_left:
        return [ordered]
    return [list(group) for _, group in groupby(ordered, key=lambda job: job.shared)]


def _score_group(
    decoder: Decoder, jobs: list[ScoringJob], shared: int, prefixes: Prefixes, room: Room
) -> Iterator[Scored]:
    def size(job: ScoringJob) -> int:
        new = job.shared - shared
        if new < 1 or (shared and not decoder.signature.continues_batches):
            return 1  # options that share nothing, or a graph that takes several tokens for one row only
        fits = room.rows(_longest(job) * max(1, len(job.longer)))
        return fits if decoder.on_gpu else min(fits, max(1, _TOKENS // new))

    def run(rows: list[ScoringJob]) -> list[Scored]:
        started = time.perf_counter()
        found = _logits(decoder, rows, prefixes.cache_of(rows[0].context[:shared]))
        share = (time.perf_counter() - started) / len(rows)
        return [put_together(job, *each, share) for job, each in zip(rows, found, strict=True)]

    def failed(err: StepFailed, rows: list[ScoringJob]) -> None:
        room.shrink(err, len(rows), _longest(rows[0]) * max(1, len(rows[0].longer)))

    for rows, result in run_in_halves(jobs, size, run, failed):
        if isinstance(result, StepFailed):
            yield Scored(job=rows[0], fault=str(result))
        else:
            yield from result


def _longest(job: ScoringJob) -> int:
    return max(len(option.ids) for option in job.options)


def _logits(decoder: Decoder, jobs: Sequence[ScoringJob], prefix: Cache | None) -> list[Found]:
    import numpy as np

    if jobs[0].shared == 0:
        [job] = jobs
        return [(None, {option: _of_rest(decoder, job, option, None) for option in job.longer})]
    done = 0 if prefix is None else prefix.length
    ids, mask = pad_right([job.context[done:] for job in jobs])
    mask = np.concatenate([decoder.marks([job.context[:done] for job in jobs]), decoder.marked(ids, mask)], axis=1)
    places = np.array([(row, job.shared - done - 1) for row, job in enumerate(jobs)])
    expanded = prefix if prefix is None or len(jobs) == 1 else decoder.take(prefix, [0] * len(jobs))
    contexts, cache = decoder.step(ids, mask, expanded, places)
    rests: list[dict[OptionIds, Logits]] = [{} for _ in jobs]
    pairs = [(row, option) for row, job in enumerate(jobs) for option in job.longer]
    if len(pairs) == 1 or not decoder.signature.continues_batches:
        # One row of context, or a graph that takes several tokens for one row only; the batch is that row, then.
        for row, option in pairs:
            own = cache if len(jobs) == 1 else decoder.take(cache, [row])
            rests[row][option] = _of_rest(decoder, jobs[row], option, own)
    elif pairs:
        for row, option, logits in _of_rests(decoder, jobs, pairs, cache, mask):
            rests[row][option] = logits
    return [(contexts[row], rests[row]) for row in range(len(jobs))]


def _of_rest(decoder: Decoder, job: ScoringJob, option: OptionIds, cache: Cache | None) -> Logits:
    """The logits at `rest_places`, from the cache of the context alone."""
    import numpy as np

    ids = np.array([option.ids[job.shared : -1]], dtype=np.int64)
    mask = decoder.marks([option.ids[:-1]])
    read = np.array(rest_places(job, option)) - job.shared
    return decoder.step(ids, mask, cache, np.stack([np.zeros_like(read), read], axis=1))[0]


def _of_rests(
    decoder: Decoder, jobs: Sequence[ScoringJob], pairs: Sequence[tuple[int, OptionIds]], cache: Cache, mask: Block
) -> Iterator[tuple[int, OptionIds, Logits]]:
    """The logits at `rest_places` of each option, all options as one batch after the caches of their rows."""
    import numpy as np

    rows = [row for row, _ in pairs]
    ids, own_mask = pad_right([option.ids[jobs[row].shared : -1] for row, option in pairs])
    read = [[at - jobs[row].shared for at in rest_places(jobs[row], option)] for row, option in pairs]
    places = np.array([(at, place) for at, listed in enumerate(read) for place in listed])
    both = np.concatenate([mask[rows], decoder.marked(ids, own_mask)], axis=1)
    logits, _ = decoder.step(ids, both, decoder.take(cache, rows), places)
    start = 0
    for (row, option), listed in zip(pairs, read, strict=True):
        yield row, option, logits[start : start + len(listed)]
        start += len(listed)


def pad_right(prompts: Sequence[Sequence[int]]) -> tuple[Block, Block]:
    """Prompts as one block [rows, longest] with padding on the right, and its mask (1 where a token is)."""
    import numpy as np

    width = max(len(prompt) for prompt in prompts)
    ids = np.zeros((len(prompts), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for at, prompt in enumerate(prompts):
        ids[at, : len(prompt)] = prompt
        mask[at, : len(prompt)] = 1
    return ids, mask
