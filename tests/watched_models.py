"""Models for tests of runs: they keep what they were asked, answer what the test says, and stop where it says.

model = Watched(reply=lambda request: "B")        the text of every reply
model = Watched(open_model("hash", Options()))    the replies of another model
model.requests                                    what was asked, in order
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from medspec.backends.base import Abilities, Backend, Reply, Request, sha256_of


@attrs.define
class Watched:
    """`reply` gives the text, the scores or the whole reply to one request. After `stops_after` replies it is interrupted."""

    inner: Backend | None = None
    reply: Callable[[Request], str | tuple[float, ...] | Reply] | None = None
    stops_after: int | None = None
    digest: str = sha256_of("a model of the tests")
    abilities: Abilities = Abilities(text=True, logits=True)
    requests: list[Request] = attrs.field(factory=list)

    def describe(self) -> dict[str, Any]:
        return {"backend": "watched"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            if self.stops_after is not None and len(self.requests) >= self.stops_after:
                raise KeyboardInterrupt
            self.requests.append(request)
            yield index, self._reply(request)

    def close(self) -> None:
        pass

    def _reply(self, request: Request) -> Reply:
        if self.inner is not None:
            ((_, reply),) = self.inner.answer([request])
            return reply
        assert self.reply is not None
        found = self.reply(request)
        sent = sha256_of(request.plain_prompt)
        if isinstance(found, str):
            return Reply(prompt_sha256=sent, text=found)
        return found if isinstance(found, Reply) else Reply(prompt_sha256=sent, scores=found, finish="scored")
