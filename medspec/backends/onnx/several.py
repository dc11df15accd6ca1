"""One model on several devices, each with a session and a memory of its own: `--device cuda:0,cuda:1`, `--device cpu,cpu`.

The requests of a batch come in an order in which neighbours begin alike, so every device gets a range of them, and the
ranges hold about the same number of characters. A reply is what it would be on one device, up to the rounding that its
neighbours in a batch bring (none with `--exact`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Event
from typing import Any

import attrs

from medspec.backends.base import Abilities, Backend, Reply, Request
from medspec.errors import BackendError

_Arrived = SimpleQueue[tuple[int, Reply] | BaseException | None]


@attrs.define
class SeveralModels:
    """The same model on each of `devices`. Made by `open_several`."""

    devices: tuple[str, ...]
    models: tuple[Backend, ...]
    abilities: Abilities

    @property
    def digest(self) -> str:
        """That of the model on one device: where a row was asked is not part of what its reply is kept under."""
        return self.models[0].digest

    def describe(self) -> dict[str, Any]:
        """What the first says of itself, and `devices`, in order."""
        return {**self.models[0].describe(), "devices": list(self.devices)}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Replies in the order in which they come. Where a device fails, the others stop after their next reply."""
        ranges = split(requests, len(self.models))
        if not ranges:
            return
        arrived: _Arrived = SimpleQueue()
        stop = Event()
        with ThreadPoolExecutor(len(ranges), thread_name_prefix="device") as pool:
            try:
                for model, part in zip(self.models, ranges, strict=False):
                    pool.submit(_ask, model, requests, part, arrived, stop)
                waiting = len(ranges)
                while waiting:
                    match arrived.get():
                        case None:
                            waiting -= 1
                        case BaseException() as error:
                            raise error
                        case reply:
                            yield reply
            finally:
                stop.set()

    def close(self) -> None:
        for model in self.models:
            model.close()


def open_several(open_on: Callable[[str], Backend], devices: tuple[str, ...]) -> SeveralModels:
    """The model on each device. Raises `BackendError` where one cannot have it, and where they do not come out as the same."""
    models: list[Backend] = []
    try:
        for device in devices:
            models.append(open_on(device))
        if len({model.digest for model in models}) > 1:
            raise BackendError(
                f"the model is not the same on {', '.join(devices)}: its files changed while it was loaded"
            )
    except BaseException:
        for model in models:
            model.close()
        raise
    return SeveralModels(devices, tuple(models), models[0].abilities)


def split(requests: Sequence[Request], count: int) -> list[range]:
    """At most `count` ranges over the requests, none of them empty, with about the same number of characters each."""
    sizes = [1 + len(request.plain_prompt) + sum(map(len, request.options or ())) for request in requests]
    total, seen, start = sum(sizes), 0, 0
    ranges: list[range] = []
    for at, size in enumerate(sizes):
        seen += size
        if seen * count >= total * (len(ranges) + 1):
            ranges.append(range(start, at + 1))
            start = at + 1
    return ranges


def _ask(model: Backend, requests: Sequence[Request], part: range, arrived: _Arrived, stop: Event) -> None:
    """Put the replies of a range where they are waited for, and None when it is done."""
    try:
        for index, reply in model.answer(requests[part.start : part.stop]):
            if stop.is_set():
                return
            arrived.put((part.start + index, reply))
        arrived.put(None)
    except BaseException as error:  # noqa: BLE001  it is raised again by the thread that waits
        arrived.put(error)
