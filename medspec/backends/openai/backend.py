"""An endpoint as a backend: many requests under way at once, every reply and every token accounted for.

A row for which the endpoint gave nothing after every attempt has no reply (`unreachable`); that is not kept, so the next
run asks for it again. Where nothing comes back any more the run stops, and what had been answered is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

import attrs

from medspec.backends.base import UNREACHABLE, Abilities, Options, Reply, Request, sha256_of
from medspec.backends.openai.address import Address, is_remote, read_address
from medspec.backends.openai.asking import Endpoint, Refusal, Unreachable
from medspec.backends.openai.messages import UnusableImage, Usage, body_of, reply_of
from medspec.errors import BackendError

ABILITIES = Abilities(text=True, images=True, deterministic=False, remote=True)

LOST_IN_A_ROW = 8
"""So many rows in a row without a reply, and at least as many as are under way at once, end the run."""

Answer = tuple[Reply, Usage, str | None, int]
"""A reply, what it used, what the endpoint says it ran (its `system_fingerprint`), and how many attempts were wasted."""


@attrs.define
class Account:
    """What the endpoint was asked and what it counted."""

    requests: int = 0
    repeated: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    systems: set[str] = attrs.field(factory=set)

    def add(self, used: Usage, system: str | None, repeated: int) -> None:
        self.requests += 1
        self.repeated += repeated
        self.tokens_in += used.tokens_in
        self.tokens_cached += used.cached
        self.tokens_out += used.tokens_out
        if system:
            self.systems.add(system)

    def cost(self, address: Address) -> float | None:
        """In the currency of the prices; None where no price was given. Cached tokens count in full: an upper bound."""
        if address.price_in is None and address.price_out is None:
            return None
        spent = self.tokens_in * (address.price_in or 0.0) + self.tokens_out * (address.price_out or 0.0)
        return round(spent / 1e6, 6)


@attrs.define
class OpenaiBackend:
    """A model behind an address. Made by `open_model`."""

    address: Address
    endpoint: Endpoint
    seed: int
    abilities: Abilities
    account: Account = attrs.field(factory=Account)
    _lost: int = 0

    @property
    def digest(self) -> str:
        """Of the name and the address: what stands behind them nobody can see. Settings that change replies go in, too."""
        address = self.address
        parts = {"name": address.name, "url": address.url, "seed": self.seed if address.seed else None}
        return sha256_of(json.dumps(parts, sort_keys=True))

    def describe(self) -> dict[str, Any]:
        """With tokens, repeated requests and cost so far, and without the key."""
        address, account = self.address, self.account
        return {
            "backend": "openai",
            "model": address.name,
            "url": address.url,
            "remote": self.abilities.remote,
            "concurrency": address.concurrency,
            "seed": self.seed if address.seed else None,
            "requests": account.requests,
            "repeated": account.repeated,
            "tokens_in": account.tokens_in,
            "tokens_cached": account.tokens_cached,
            "tokens_out": account.tokens_out,
            "cost": account.cost(address),
            "systems": sorted(account.systems),
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Replies as they come. Raises `BackendError` where no request can succeed, or none does any more."""
        stopped = self.endpoint.gate.stopped
        stopped.clear()
        pool = ThreadPoolExecutor(max_workers=self.address.concurrency)
        waiting = {pool.submit(self._one, request): index for index, request in enumerate(requests)}
        try:
            for done in as_completed(waiting):
                yield waiting.pop(done), self._booked(done)
        except KeyboardInterrupt:
            # What is under way is paid for: it is waited for and kept. What waits for its turn is not begun.
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            for done in [future for future in waiting if not future.cancelled() and future.exception() is None]:
                yield waiting[done], self._booked(done)
            raise
        finally:
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        self.endpoint.close()

    def _one(self, request: Request) -> Answer:
        prompt = sha256_of(request.plain_prompt)
        if request.options is not None:
            raise BackendError(f"task `{request.task}` scores options; `openai:` gives no likelihoods")
        try:
            body = body_of(request, self.address, seed=self.seed)
            began = time.monotonic()
            found, repeated = self.endpoint.ask(body)
        except UnusableImage as error:
            return Reply(prompt_sha256=prompt, failure="bad_image", detail=str(error)), Usage(), None, 0
        except Refusal as error:
            return Reply(prompt_sha256=prompt, failure=error.failure, detail=str(error)), Usage(), None, 0
        except Unreachable as error:
            failed = Reply(prompt_sha256=prompt, failure=UNREACHABLE, detail=str(error))
            return failed, Usage(), None, self.address.retries
        reply, used = reply_of(found, prompt, round(time.monotonic() - began, 4))
        system = getattr(found, "system_fingerprint", None)
        return reply, used, system if isinstance(system, str) else None, repeated

    def _booked(self, done: Future[Answer]) -> Reply:
        """The reply of a finished request, counted.

        Raises `BackendError` where rows are lost one after the other: a run of failed rows is worth nothing.
        """
        reply, used, system, repeated = done.result()
        self.account.add(used, system, repeated)
        self._lost = self._lost + 1 if reply.failure == UNREACHABLE else 0
        if self._lost >= max(LOST_IN_A_ROW, self.address.concurrency):
            raise BackendError(
                f"{self.address.url} gave no reply to {self._lost} rows in a row (the last: {reply.detail}); what had been "
                "answered is kept, and the same command with the same `--out` goes on from there"
            )
        return reply


def open_model(place: str, settings: Mapping[str, str], options: Options) -> OpenaiBackend:
    """The model at `NAME@URL`. Nothing is sent yet. Raises `UsageError` for a wrong address or setting, `BackendError`."""
    address = read_address(place, settings)
    return OpenaiBackend(address, Endpoint.connect(address), options.seed, abilities_at(place))


def abilities_at(place: str) -> Abilities:
    """Remote, unless the address is this machine's own."""
    return attrs.evolve(ABILITIES, remote=is_remote(place))
