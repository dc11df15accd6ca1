"""What a run would take, before it is made: calls, tokens, what is shared, memory of the cache, rows that do not fit, time.

All rows are read and every prompt is written, as the run itself does first. Tokens are counted on the first prompts in the
order in which they would be asked, see `SAMPLE`; whether a prompt fits is looked at for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import attrs

from medspec.backends.base import Request
from medspec.run.asking import WINDOW, Asked, askings, in_order_of_prompts
from medspec.run.bound import Bound
from medspec.run.token_counts import TokenCounter

SAMPLE = 1000
"""So many prompts of a call are cut into tokens."""

ASSUMED = 1000
"""Prompt tokens a second, where no earlier run says how fast the model is."""


@attrs.frozen(kw_only=True)
class CallEstimate:
    """One call. Tokens are those of all its prompts, scaled up from the `counted` ones."""

    call: str
    tasks: tuple[str, ...]
    asked: int
    distinct: int
    counted: int
    prompt_tokens: int
    shared_tokens: int
    """Those that a prompt begins with as the one asked before it does."""
    longest: int
    written_tokens: int
    """At most; 0 where options are scored."""
    too_long: tuple[tuple[str, int], ...]
    """Row and tokens of the prompts that do not fit into the context with the longest reply."""
    images: int
    """Images in all prompts. Each is counted as its mark, since what it takes of the context is known when it is prepared."""


@attrs.frozen(kw_only=True)
class Speed:
    """How fast an earlier run was: calls and tokens, prompt and reply, in one second. `run` is its folder."""

    run: str
    calls: float
    tokens: float | None


@attrs.frozen(kw_only=True)
class Estimate:
    """All calls of a plan; `speed` is None where no earlier run of the model is known."""

    calls: tuple[CallEstimate, ...]
    counter: TokenCounter
    speed: Speed | None = None

    @property
    def kv_memory(self) -> int | None:
        """Bytes of the cache for the longest row."""
        each = self.counter.kv_bytes
        return None if each is None else each * max((call.longest for call in self.calls), default=0)

    @property
    def seconds(self) -> float:
        """What the earlier run's speed, or the assumed one, makes of it. Shared tokens count like all others."""
        tokens = sum(call.prompt_tokens for call in self.calls)
        if self.speed is None:
            return tokens / ASSUMED
        if self.speed.tokens is not None:
            return tokens / self.speed.tokens
        return sum(call.distinct for call in self.calls) / self.speed.calls


def estimate(bound: Bound, counter: TokenCounter, speed: Speed | None = None) -> Estimate:
    """What `bound` would take."""
    found: list[CallEstimate] = []
    for asking in askings(bound.plan, by_row=False):
        count = SAMPLE * len(asking.calls)
        sample = list(islice(_first(bound, asking.calls, by_prompt=asking.by_prompt), count))
        for asked in asking.calls:
            mine = [(before, one) for before, one in sample if one.task == _task(asked)]
            found.append(_estimate(bound, asked, mine, counter))
    order = [call.id for call in bound.plan.calls]
    return Estimate(calls=tuple(sorted(found, key=lambda one: order.index(one.call))), counter=counter, speed=speed)


def _first(bound: Bound, calls: Sequence[Asked], *, by_prompt: bool) -> Iterator[tuple[Request | None, Request]]:
    """The first window of a wave in the order of asking, each request with the one before it."""
    sources = [islice(bound.requests(asked.call, _task(asked)), max(1, WINDOW // len(calls))) for asked in calls]
    requests = [one for row in zip(*sources, strict=True) for one in row]
    order = in_order_of_prompts(requests) if by_prompt else range(len(requests))
    before: Request | None = None
    for place in order:
        yield before, requests[place]
        before = requests[place]


def _task(asked: Asked) -> str:
    return asked.tasks[0].name


def _estimate(
    bound: Bound, asked: Asked, sample: Sequence[tuple[Request | None, Request]], counter: TokenCounter
) -> CallEstimate:
    call = asked.call
    private = bound.plan.scan(bound.plan.render(call.render).scan).private
    room = call.decode.max_tokens if call.options is None else 0
    parts = shared = longest = 0
    for before, request in sample:
        ids = counter.of(request)
        parts += len(ids)
        longest = max(longest, len(ids))
        shared += 0 if before is None else common(counter.of(before), ids)
    total, images, different, too_long = 0, 0, set(), []
    for request in bound.requests(call, asked.tasks[0].name):
        total += 1
        shown = tuple(picture.path for message in request.messages for picture in message.images)
        images += len(shown)
        different.add(hash((request.plain_prompt, shown, request.options, request.sample)))
        if (tokens := _exceeds(request, room, counter)) is not None:
            # Ids of private rows may be those of patients.
            too_long.append(("a row" if private else request.row, tokens))
    scale = total / len(sample) if sample else 0.0
    return CallEstimate(
        call=call.id,
        tasks=tuple(task.name for task in asked.tasks),
        asked=total,
        distinct=len(different),
        counted=len(sample),
        prompt_tokens=counter.tokens(round(parts * scale)),
        shared_tokens=round(shared * scale) // counter.each,
        longest=counter.tokens(longest),
        written_tokens=room * total,
        too_long=tuple(too_long),
        images=images,
    )


def _exceeds(request: Request, room: int, counter: TokenCounter) -> int | None:
    """The tokens of a prompt that does not fit; None where it does. A token is a byte at least, so most need no count."""
    if counter.context is None or len(request.plain_prompt.encode()) + room <= counter.context:
        return None
    tokens = counter.count(request)
    return tokens if tokens + min(room, 1) > counter.context else None


def common(left: Sequence[Any], right: Sequence[Any]) -> int:
    """How much two sequences begin alike.

    >>> common("septic shock", "sepsis")
    3
    """
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
