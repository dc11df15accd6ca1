"""One request to the endpoint: made again where that may help, given up where it cannot.

turned away for a while, lost, garbled    again, after as long as the endpoint asks for (Retry-After), else after longer
                                          and longer pauses; in the end the row has no reply (`unreachable`)
too long for the model                    the row fails (`too_long`)
refused for what it says                  the row fails (`model_error`)
wrong key, no such model, a redirect      the whole model is unusable: `BackendError`
"""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import attrs

from medspec.backends.openai.address import Address
from medspec.errors import BackendError
from medspec.text.cells import clean

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_AGAIN = frozenset({408, 409, 425, 429})
_TOO_LONG = ("context length", "context_length", "maximum context", "too long", "max_model_len")
_SETTLED = ("insufficient_quota", "billing_hard_limit_reached")
_SHOWN = 200


class Unreachable(Exception):
    """No reply after every attempt. Nothing is known of what the model would have said."""


class Refusal(Exception):
    """The endpoint will not answer this request, however often it is made."""

    def __init__(self, failure: str, detail: str) -> None:
        self.failure = failure
        super().__init__(detail)


class _Again(Exception):
    """Worth another attempt, not before `wait` seconds have passed (None: as one sees fit)."""

    def __init__(self, detail: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(detail)


@attrs.define
class Gate:
    """Where all threads wait while the endpoint has asked for quiet: one of them was told, all of them keep it."""

    stopped: threading.Event = attrs.field(factory=threading.Event)
    _opens: float = 0.0
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def close_for(self, seconds: float) -> None:
        """Nobody passes for so long."""
        with self._lock:
            self._opens = max(self._opens, time.monotonic() + seconds)

    def wait(self, seconds: float = 0.0) -> None:
        """Returns after `seconds`, and not before the gate is open; at once where the run has been stopped."""
        self.stopped.wait(seconds)
        while (left := self._opens - time.monotonic()) > 0 and not self.stopped.is_set():
            self.stopped.wait(left)


@attrs.frozen
class Endpoint:
    """An open connection. `ask` is called from many threads."""

    address: Address
    client: Any
    gate: Gate

    @classmethod
    def connect(cls, address: Address) -> Endpoint:
        """Nothing is sent yet. Raises `BackendError` where the client library is missing."""
        try:
            from openai import DefaultHttpxClient, OpenAI
        except ImportError:
            raise BackendError(
                "`openai:` needs the package openai: pip install 'medspec[openai]', or pip install openai"
            ) from None
        # A redirect would send the rows to an address that nobody has agreed to.
        http = DefaultHttpxClient(follow_redirects=False)
        client = OpenAI(
            api_key=address.key, base_url=address.url, timeout=address.timeout, max_retries=0, http_client=http
        )
        return cls(address, client, Gate())

    def ask(self, body: Mapping[str, Any]) -> tuple[Any, int]:
        """The parsed answer to one request, and how many attempts were made before it.

        Raises `Unreachable`, `Refusal`, or `BackendError` where no request can succeed.
        """
        for attempt in range(self.address.retries + 1):
            self.gate.wait()
            if self.gate.stopped.is_set():
                raise Unreachable("the run was stopped")
            try:
                return self._once(body), attempt
            except _Again as reason:
                if attempt == self.address.retries or (reason.wait or 0.0) > self.address.longest_wait:
                    raise Unreachable(f"{reason}, after {attempt + 1} attempts") from None
                if reason.wait is not None:
                    self.gate.close_for(reason.wait)
                else:
                    self.gate.wait(_pause(attempt))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Ends all waiting, then the connections."""
        self.gate.stopped.set()
        self.client.close()

    def _once(self, body: Mapping[str, Any]) -> Any:
        import openai

        try:
            found = self.client.chat.completions.create(**body)
        except openai.APITimeoutError:
            raise _Again(f"no answer within {self.address.timeout:g} seconds") from None
        except openai.APIConnectionError as error:
            raise _Again(f"the connection failed: {self._shown(error.__cause__ or error)}") from None
        except openai.APIStatusError as error:
            raise self._status(error) from None
        except (openai.OpenAIError, ValueError) as error:
            raise _Again(f"the answer cannot be read: {self._shown(error)}") from None
        if isinstance(found, str) or not getattr(found, "choices", None):
            what = "a web page" if "<html" in str(found)[:1000].lower() else "something without choices"
            raise _Again(f"{self.address.url} answers with {what}; is it the address that ends in /v1?")
        return found

    def _status(self, error: Any) -> Exception:
        """What an answer with an error's status means."""
        status, said = error.status_code, self._shown(error)
        code = str(getattr(error, "code", None) or "")
        if 300 <= status < 400:
            to = error.response.headers.get("location", "elsewhere")
            return BackendError(f"{self.address.url} redirects to {to}; if that is right, write that address")
        if code in _SETTLED:
            return BackendError(f"{self.address.url}: {said}")
        if status in _AGAIN or status >= 500:
            return _Again(f"status {status}: {said}", _retry_after(error.response.headers))
        if status in (401, 402, 403, 404, 405):
            return BackendError(f"{self.address.url} refuses the model `{self.address.name}` (status {status}): {said}")
        if code.startswith(("unsupported", "unknown_")):
            advice = "; `?limit=max_completion_tokens` and `?seed=off` change what is sent"
            return BackendError(f"{self.address.url} does not take what it is sent: {said}{advice}")
        if status == 413 or any(sign in said.lower() for sign in _TOO_LONG):
            return Refusal("too_long", said)
        return Refusal("model_error", f"status {status}: {said}")

    def _shown(self, error: object) -> str:
        """An error's words on one line, shortened, without the key: some endpoints repeat it."""
        words = " ".join(str(getattr(error, "message", None) or error).split())
        hidden = words.replace(self.address.key, "...") if len(self.address.key) > 4 else words
        return clean(hidden if len(hidden) <= _SHOWN else hidden[: _SHOWN - 3] + "...")


def _pause(attempt: int) -> float:
    """Seconds before the next attempt: doubled each time, and spread, so that many threads do not come back at once."""
    return min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """What the endpoint asks for, in seconds: a number, or a date as in RFC 9110, section 10.2.3. None: nothing usable."""
    text = headers.get("retry-after", "").strip()
    seconds = math.nan
    try:
        seconds = float(text)
    except ValueError:
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
    return max(seconds, 0.0) if math.isfinite(seconds) else None
