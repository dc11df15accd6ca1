"""The waves of a plan: which requests are made together, in which order they are asked, and whose replies are whose.

Replies come back in the order of the data, whatever the order of asking was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import attrs

from medspec.backends.base import Reply, Request
from medspec.plan.nodes import Call, Plan, TaskPlan
from medspec.plan.run_nodes import Wave
from medspec.run.bound import Bound
from medspec.run.calls import Caller
from medspec.run.spool import Budget, Spool

WINDOW = 8192
"""Requests that are made at once: what is in memory does not grow with the rows."""


@attrs.frozen
class Asked:
    """A call, and the tasks that take its replies."""

    call: Call
    tasks: tuple[TaskPlan, ...]


@attrs.frozen
class Asking:
    """What is asked together; see `Wave`."""

    calls: tuple[Asked, ...]
    by_prompt: bool = False

    @property
    def tasks(self) -> list[TaskPlan]:
        return [task for asked in self.calls for task in asked.tasks]


def askings(plan: Plan, *, by_row: bool) -> Iterator[Asking]:
    """The waves in order. With `by_row`, replies recorded for one task are not those of another: nothing is shared."""
    takers = {call.id: tuple(task for task in plan.tasks if task.call == call.id) for call in plan.calls}
    calls = {call.id: call for call in plan.calls}
    if by_row:
        yield from (Asking((Asked(call, (task,)),)) for call in plan.calls for task in takers[call.id])
        return
    for wave in plan.waves or tuple(Wave(calls=(call.id,)) for call in plan.calls):
        yield Asking(tuple(Asked(calls[id], takers[id]) for id in wave.calls), wave.by_prompt)


def ask(bound: Bound, caller: Caller, asking: Asking, budget: Budget) -> list[Sequence[Reply]]:
    """The replies to each call of `asking`: to every row, in order, and again for each further draw."""
    sources = [bound.requests(asked.call, asked.tasks[0].name) for asked in asking.calls]
    replies: list[Spool[Reply]] = [Spool(budget) for _ in sources]
    while parts := [part for source in sources if (part := list(islice(source, max(1, WINDOW // len(sources)))))]:
        # Row by row: what the calls say of one row stands together.
        requests = [request for row in zip(*parts, strict=True) for request in row]
        for place, reply in enumerate(_in_order(requests, caller, by_prompt=asking.by_prompt)):
            replies[place % len(sources)].append(reply)
    return [one.done() for one in replies]


def _in_order(requests: Sequence[Request], caller: Caller, *, by_prompt: bool) -> Sequence[Reply]:
    if not by_prompt:
        return caller.answer(requests)
    order = in_order_of_prompts(requests)
    found: dict[int, Reply] = dict(zip(order, caller.answer([requests[place] for place in order]), strict=True))
    return [found[place] for place in range(len(requests))]


def in_order_of_prompts(requests: Sequence[Request]) -> list[int]:
    """The places of `requests` so that those whose prompts begin alike follow each other."""
    # A tuple and not one text: the turns of shots are the same object in every request, and are then not even compared.
    turns: dict[int, tuple[str, tuple[str, ...]]] = {}
    keys = []
    for request in requests:
        for message in request.messages:
            if id(message) not in turns:
                turns[id(message)] = (message.text, tuple(picture.path for picture in message.images))
        keys.append(tuple([turns[id(message)] for message in request.messages]))
    return sorted(range(len(requests)), key=keys.__getitem__)
