"""The log-likelihood of option texts after a prompt.

The tokens that all options of a row share are run once, and each option's rest continues from their cache. An option
of one token costs nothing more: its probability stands in the last logits of the prompt. Rows whose prompts begin alike
run that beginning once (`prefixes.py`).

    slots      one row of fixed buffers; all options in one run as a tree (`trees.py`) where the graph can be told who
               sees whom, else each option written over the one before it
    growing    rows in batches, then the rests of all their options as one batch
    alone      every option in one run of all its tokens, without any cache: for `exact`
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

import attrs

from medspec.backends.onnx.decoder import Decoder, StepFailed
from medspec.backends.onnx.sampling import NOT_FINITE, log_likelihood, log_probabilities
from medspec.backends.onnx.slots import Rows

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Logits = NDArray[numpy.float32]


_BUNDLE = 512
"""So many tokens of options go in one run: more are no cheaper by the token, and take memory."""


@attrs.frozen
class OptionIds:
    """The ids of prompt and option together; the option begins at `start`, which is at least 1."""

    ids: tuple[int, ...]
    start: int


@attrs.frozen(kw_only=True)
class ScoringJob:
    """The options of one row. Every option has at least one token."""

    index: int
    options: tuple[OptionIds, ...]

    @cached_property
    def shared(self) -> int:
        """How many tokens at the start all options share as their prompt."""
        return shared_length(self.options)

    @cached_property
    def context(self) -> tuple[int, ...]:
        """The tokens that all options share."""
        return self.options[0].ids[: self.shared]

    @cached_property
    def longer(self) -> tuple[OptionIds, ...]:
        """The distinct options that need more than the logits after the context."""
        return tuple(option for option in dict.fromkeys(self.options) if len(option.ids) - 1 > self.shared)


@attrs.frozen(kw_only=True)
class Scored:
    """Summed natural log-likelihoods in the order of the options, or why there are none."""

    job: ScoringJob
    scores: tuple[float, ...] | None = None
    seconds: float = 0.0
    fault: str | None = None


def shared_length(options: Sequence[OptionIds]) -> int:
    """How many tokens at the start are the same for all options and belong to the prompt of each.

    >>> shared_length([OptionIds((1, 5, 7), 2), OptionIds((1, 5, 8, 9), 2)])
    2
    >>> shared_length([OptionIds((1, 5, 7), 2), OptionIds((1, 6, 7), 2)])
    1
    """
    limit = min(option.start for option in options)
    first = options[0].ids
    if all(option.ids[:limit] == first[:limit] for option in options):
        return limit
    same = (all(option.ids[at] == first[at] for option in options) for at in range(limit))
    return sum(takewhile(bool, same))


def rest_places(job: ScoringJob, option: OptionIds) -> list[int]:
    """The positions of `option.ids` behind the context whose logits are read."""
    return list(range(max(option.start - 1, job.shared), len(option.ids) - 1))


def put_together(job: ScoringJob, context: Logits | None, rests: dict[OptionIds, Logits], seconds: float) -> Scored:
    """The scores, from the logits after the context [ids] and those at `rest_places` of each longer option [n, ids]."""
    import math

    import numpy as np

    after = None if context is None else log_probabilities(context)
    known: dict[OptionIds, float] = {}
    for option in dict.fromkeys(job.options):
        ids = np.array(option.ids[option.start :], dtype=np.int64)
        score = 0.0
        if after is not None and option.start == job.shared:
            score += float(after[ids[0]])
            ids = ids[1:]
        if len(ids):
            score += log_likelihood(rests[option], ids)
        known[option] = score
    if any(math.isnan(score) for score in known.values()):
        return Scored(job=job, seconds=seconds, fault=NOT_FINITE)
    return Scored(job=job, scores=tuple(known[option] for option in job.options), seconds=seconds)


def score_alone(decoder: Decoder, jobs: Sequence[ScoringJob]) -> Iterator[Scored]:
    """Every option in one run of all its tokens, and nothing beside it."""
    for job in jobs:
        started = time.perf_counter()
        try:
            context, rests = _logits_alone(decoder, job)
        except StepFailed as err:
            yield Scored(job=job, seconds=time.perf_counter() - started, fault=str(err))
        else:
            yield put_together(job, context, rests, time.perf_counter() - started)


def _logits_alone(decoder: Decoder, job: ScoringJob) -> tuple[Logits | None, dict[OptionIds, Logits]]:
    import numpy as np

    context, rests = None, {}
    if job.shared and not job.longer:
        context = _run(decoder, job.context, [job.shared - 1])[0]
    for option in job.longer:
        read = rest_places(job, option)
        extra = [job.shared - 1] * (job.shared > 0 and context is None)
        logits = _run(decoder, option.ids[:-1], extra + read)
        if extra:
            context, logits = logits[0], logits[1:]
        rests[option] = np.ascontiguousarray(logits)
    return context, rests


def _run(decoder: Decoder, ids: Sequence[int], read: Sequence[int]) -> Logits:
    import numpy as np

    row = np.array([ids], dtype=np.int64)
    places = np.stack([np.zeros(len(read), dtype=np.int64), np.array(read, dtype=np.int64)], axis=1)
    return decoder.step(row, np.ones_like(row), None, places)[0]


def bundles(job: ScoringJob, *, trees: bool) -> list[tuple[OptionIds, ...]]:
    """The longer options of a row, those together that are to be one run."""
    found: list[tuple[OptionIds, ...]] = []
    room = 0
    for option in job.longer:
        length = len(option.ids) - 1 - job.shared
        if not trees or job.shared < 2 or length > room:
            found.append(())
            room = _BUNDLE
        found[-1] += (option,)
        room -= length
    return found


def longest_run(job: ScoringJob, *, trees: bool) -> int:
    """How many positions a slot must have for a row."""
    tails = (sum(len(option.ids) - job.shared for option in bundle) for bundle in bundles(job, trees=trees))
    return job.shared + max(tails, default=1)


def score_in_slots(slots: Rows, jobs: Sequence[ScoringJob], *, trees: bool) -> Iterator[Scored]:
    """One row after another in the first of the slots, in the order of their tokens, so that each finds most of it there.

    With `trees` the options of a row go in one run; where that does not run, for want of memory or of positions, each
    goes for itself.
    """
    for job in sorted(jobs, key=lambda job: job.context):
        started = time.perf_counter()
        together = bundles(job, trees=trees)
        try:
            try:
                context, rests = _logits_in_slot(slots, job, together)
            except StepFailed:
                if len(together) == len(job.longer):
                    raise
                context, rests = _logits_in_slot(slots, job, bundles(job, trees=False))
        except StepFailed as err:
            yield Scored(job=job, seconds=time.perf_counter() - started, fault=str(err))
        else:
            scored = put_together(job, context, rests, time.perf_counter() - started)
            if scored.fault is not None:
                slots.forget(0)
            yield scored


def _logits_in_slot(
    slots: Rows, job: ScoringJob, together: Sequence[tuple[OptionIds, ...]]
) -> tuple[Logits | None, dict[OptionIds, Logits]]:
    import numpy as np

    context: Logits | None = None
    rests: dict[OptionIds, Logits] = {}
    shared = job.shared
    # Context and first options go in one run; where no option is longer, the context goes alone.
    for bundle in together or [()]:
        tails = [option.ids[shared:-1] for option in bundle]
        ids = list(job.context) if len(bundle) != 1 else list(bundle[0].ids[:-1])
        fresh = context is None
        done = min(slots.reach(0, ids), shared - 1 if shared else 0) if fresh else shared
        places = [shared - 1] * (fresh and shared > 0)
        moved = 0
        for option, tail in zip(bundle, tails, strict=True):
            places += [moved + at for at in rest_places(job, option)]
            moved += len(tail)
        read = np.array(places, dtype=np.int64)
        logits = slots.read(0, ids, done, read, tails if len(bundle) > 1 else ())
        if fresh and shared > 0:
            context, logits = logits[0], logits[1:]
        for option in bundle:
            count = len(rest_places(job, option))
            rests[option], logits = logits[:count], logits[count:]
    return context, rests
