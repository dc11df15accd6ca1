"""Running a chat template with bounds in time, memory and output: it is a program that came with a model.

The template runs in a process of its own, which is started for the first prompt, kept, and ended when it takes too long. It
is given the turns and the special tokens, and none of the environment: there are no keys to be found in it.

    ChatProcess("{{ messages[0].content }}", {}, None).render([{"role": "user", "content": "Hi"}])      Hi
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from medspec.errors import BackendError

MOST_LETTERS = 32_000_000
"""Of a template, and of a prompt that it writes."""

_SECONDS = 10
_BYTES = 2 << 30
_TIMES = 3
"""How often the process is started again before the template is given up."""

_SANDBOX = Path(__file__).with_name("chat_sandbox.py")


class ChatRefused(Exception):
    """The template does not accept these turns; the text is what it says."""


class ChatProcess:
    """One template and the process it runs in."""

    def __init__(
        self, source: str, tokens: Mapping[str, str], date: datetime.date | None, *, seconds: int = _SECONDS
    ) -> None:
        self._first = {
            "source": source,
            "tokens": dict(tokens),
            "date": None if date is None else date.isoformat(),
            "seconds": seconds,
            "letters": MOST_LETTERS,
            "bytes": _BYTES,
        }
        self._seconds = seconds
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._ended = 0

    def render(self, turns: Sequence[Mapping[str, Any]]) -> str:
        """What the template makes of `turns`. Raises `ChatRefused`: it says no, takes too long or wants too much."""
        with self._lock:
            if self._ended >= _TIMES:
                raise ChatRefused(
                    f"the chat template is given up: it did not end within {self._seconds} s, {_TIMES} times"
                )
            said = self._ask(turns)
        if said is None:
            raise ChatRefused(f"the chat template did not end within {self._seconds} s, or used up its memory")
        if "text" not in said:
            raise ChatRefused(f"the chat template refuses these turns: {said['refused']}")
        return said["text"]

    def _ask(self, turns: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
        """What the process says; None where it had to be ended."""
        process = self._process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        # A pipe that is read from has no time limit, but it ends with the process that writes into it.
        timer = Timer(self._seconds, process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(json.dumps(turns) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        finally:
            timer.cancel()
        if line.endswith("\n"):
            said: dict[str, str] = json.loads(line)
            return said
        self._process = None
        self._ended += 1
        _end(process)
        return None

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", str(_SANDBOX), json.dumps(sys.path)]
        # Windows cannot start Python without this one.
        kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=kept,
                text=True,
                encoding="utf-8",
            )
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(self._first) + "\n")
            process.stdin.flush()
            # Waited for here: how long Python takes to start is not the template's time.
            process.stdout.readline()
        except OSError as error:
            raise BackendError(f"the process of the chat template cannot be started: {error}") from error
        weakref.finalize(self, _end, process)
        return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:
            pass  # what was still to be written has no reader
    process.wait()
