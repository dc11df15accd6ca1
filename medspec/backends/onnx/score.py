"""The log-likelihood of option texts after a prompt.

The tokens that all options of a row share are run once, and each option's rest continues from their cache. An option
of one token costs nothing more: its probability stands in the last logits of the prompt.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import takewhile

import attrs

from medspec.backends.onnx.decoder import Decoder, StepFailed, last_places
from medspec.backends.onnx.sampling import log_likelihood


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


@attrs.frozen(kw_only=True)
class Scored:
    """Summed natural log-likelihoods in the order of the options, or why there are none."""

    job: ScoringJob
    scores: tuple[float, ...] | None = None
    seconds: float = 0.0
    fault: str | None = None


def score_options(decoder: Decoder, job: ScoringJob) -> Scored:
    """Score all options of one row."""
    import math

    started = time.perf_counter()
    try:
        scores = _score(decoder, job.options)
    except StepFailed as err:
        return Scored(job=job, seconds=time.perf_counter() - started, fault=str(err))
    seconds = time.perf_counter() - started
    if any(math.isnan(score) for score in scores):
        return Scored(job=job, seconds=seconds, fault="the model's logits are not finite numbers")
    return Scored(job=job, scores=scores, seconds=seconds)


def _score(decoder: Decoder, options: Sequence[OptionIds]) -> tuple[float, ...]:
    import numpy as np

    shared = shared_length(options)
    cache = prompt_logits = None
    if shared:
        prefix = np.array([options[0].ids[:shared]], dtype=np.int64)
        prompt_logits, cache = decoder.step(prefix, np.ones_like(prefix), None, last_places(1, shared))
    known: dict[OptionIds, float] = {}
    for option in options:
        if option in known:
            continue
        # The first of these logits belongs to the token at `shared` (at 1, when nothing is shared).
        pieces = [] if prompt_logits is None or option.start > shared else [prompt_logits]
        rest = np.array([option.ids[shared:-1]], dtype=np.int64)
        if rest.size:
            mask = np.ones((1, len(option.ids) - 1), dtype=np.int64)
            read = np.arange(max(option.start - 1 - shared, 0), rest.size)
            logits, _ = decoder.step(rest, mask, cache, np.stack([np.zeros_like(read), read], axis=1))
            pieces.append(logits)
        after = np.concatenate(pieces)
        known[option] = log_likelihood(after, np.array(option.ids[option.start :], dtype=np.int64))
    return tuple(known[option] for option in options)


def shared_length(options: Sequence[OptionIds]) -> int:
    """How many tokens at the start are the same for all options and belong to the prompt of each.

    >>> shared_length([OptionIds((1, 5, 7), 2), OptionIds((1, 5, 8, 9), 2)])
    2
    >>> shared_length([OptionIds((1, 5, 7), 2), OptionIds((1, 6, 7), 2)])
    1
    """
    limit = min(option.start for option in options)
    first = options[0].ids
    same = (all(option.ids[at] == first[at] for option in options) for at in range(limit))
    return sum(takewhile(bool, same))
