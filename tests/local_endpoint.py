"""A chat-completions endpoint on this machine that does what a test tells it: answers, delays, drops, turns away and lies.

with endpoint(lambda turn: says("B")) as place:
    place.url        for `openai:NAME@URL`
    place.turns      what was asked, in order of arrival
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Answer:
    """What the endpoint does with one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    delay: float = 0.0
    """Seconds before anything is sent."""
    drop: bool = False
    """The connection is reset in place of an answer."""
    cut: int | None = None
    """So many bytes of the body are sent, though all of them were promised."""


@attrs.frozen
class Turn:
    """One request that came in: its number from 0, its body, its headers, and when it came (monotonic seconds)."""

    number: int
    body: dict[str, Any]
    headers: dict[str, str]
    when: float

    @property
    def text(self) -> str:
        """The text of the last message."""
        return str(self.body["messages"][-1]["content"])


@attrs.define
class Place:
    """Where the endpoint is, and what it saw. `most` is the largest number of requests it had open at once."""

    url: str
    turns: list[Turn] = attrs.field(factory=list)
    open: int = 0
    most: int = 0
    lock: threading.Lock = attrs.field(factory=threading.Lock)


def says(text: str | None, *, finish: str = "stop", **more: Any) -> Answer:
    """A whole answer in the protocol's form; `more` goes into the message, `usage` and `system_fingerprint` beside it."""
    beside = {key: more.pop(key) for key in ("usage", "system_fingerprint") if key in more}
    message = {"role": "assistant", "content": text, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    found = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, **beside}
    return Answer(body=json.dumps(found).encode(), headers={"Content-Type": "application/json"})


def refuses(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Answer:
    """An error in the protocol's form."""
    body = json.dumps({"error": {"message": message, "code": code, "type": "error"}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, headers={"Content-Type": "application/json", **named})


@contextmanager
def endpoint(behave: Callable[[Turn], Answer]) -> Iterator[Place]:
    """An endpoint that answers as `behave` says until the block ends."""
    place = Place("")

    class Ear(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with place.lock:
                place.open += 1
                place.most = max(place.most, place.open)
            try:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with place.lock:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    turn = Turn(len(place.turns), body, headers, time.monotonic())
                    place.turns.append(turn)
                self._do(behave(turn))
            finally:
                with place.lock:
                    place.open -= 1

        def _do(self, answer: Answer) -> None:
            time.sleep(answer.delay)
            if answer.drop:
                # Closing without lingering sends a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
            self.wfile.flush()
            if answer.cut is not None:
                self.close_connection = True

        def log_message(self, *args: object) -> None: ...

        def finish(self) -> None:
            try:
                super().finish()
            except (OSError, ValueError):
                pass  # the connection was reset on purpose, or the client gave up

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    server.daemon_threads = True
    server.handle_error = lambda *args: None  # type: ignore[method-assign]
    place.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
