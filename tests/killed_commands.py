"""Commands that are killed at random moments and given again: `python killed_commands.py FOLDER KILLS SEED`.

Three trials, each with `KILLS` kills: `run` with a judge and then `resume`; `score` of a finished run; `fetch` from a server on this
machine. Every launch is a forked process in which the command line is called, ended by kill -9. Prints what was counted as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import attrs
from killed_runs import dies_in_write, launch

from medspec.backends.base import Reply, Request
from medspec.backends.mock import MockBackend
from medspec.cli.app import main as command_line
from medspec.codes.base import module
from medspec.codes.parts import JUDGE, JUDGED, MEAN, QUESTIONS, TELL
from medspec.errors import StoreError
from medspec.run import calls, fetched
from medspec.run.download import Downloads, Wanted
from medspec.run.folder import RunRecord

ROWS = 24
calls.KEEP_EVERY = 4
BODY = b"".join(b'{"id": %d, "text": "row %d"}\n' % (n, n) for n in range(40_000))
PATH = "hf://owner/name/data/exam.jsonl@0a1b2c3"


def slowly(log: Path) -> None:
    """In this process, let `mock` take its time, and write down what it is asked before it answers."""
    quick = MockBackend.answer

    def answer(self: MockBackend, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(request.plain_prompt) + "\n")
            time.sleep(0.004)
            for _, reply in quick(self, [request]):
                yield index, reply

    MockBackend.answer = answer  # type: ignore[method-assign]


def call(*words: str, before: Callable[[], object] = lambda: None) -> int:
    """A process that gives the command; see `launch`."""

    def work() -> None:
        before()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        try:
            command_line(list(words))
        except SystemExit as ended:
            assert not ended.code, f"{words} ended with {ended.code}"

    return launch(work)


@attrs.define
class Trial:
    """What every launch shares; `seconds` is how long one takes that nobody disturbs."""

    rng: Random
    kills: int = 0
    reached: int = 0
    """Launches that ended by themselves before they could be killed."""
    seconds: float = 1.0

    def undisturbed(self, process: int) -> None:
        began = time.monotonic()
        assert os.waitpid(process, 0)[1] == 0, "a command that nobody disturbed failed"
        self.seconds = time.monotonic() - began

    def kill(self, start: Callable[[Callable[[], object]], int]) -> bool:
        """One launch; whether it was killed. `start` is told what to do first in the new process."""
        if self.rng.random() < 0.3:
            number = self.rng.randrange(1, 12)
            process = start(lambda: dies_in_write(number))
        else:
            process = start(lambda: None)
            time.sleep(self.rng.random() * self.seconds)
            os.kill(process, signal.SIGKILL)
        killed = os.WIFSIGNALED(os.waitpid(process, 0)[1])
        self.kills += killed
        self.reached += not killed
        return killed


def result(out: Path) -> tuple[Any, ...]:
    report = json.loads((out / "report.json").read_text("utf-8"))
    kept = {key: value for key, value in report.items() if key not in ("started", "seconds")}
    verdicts = out / "verdicts.jsonl"
    return kept, (out / "rows.parquet").read_bytes(), verdicts.read_bytes() if verdicts.is_file() else b""


def asked(log: Path) -> list[str]:
    return log.read_text("utf-8").splitlines() if log.is_file() else []


def judged_runs(kills: int, rng: Random) -> dict[str, int]:
    """`run --judge` killed, `resume` until the end."""
    command = ("run", "open_questions", "--model", "mock", "--judge", "judge_lm=mock", "--fresh", "--quiet", "--out")
    trial, whole, more = Trial(rng), Path("runs/whole"), 0
    trial.undisturbed(call(*command, str(whole), before=lambda: slowly(Path("whole.log"))))
    once = asked(Path("whole.log"))
    while trial.kills < kills:
        out, log = Path(f"runs/judged{more}"), Path(f"judged{more}.log")
        launches = rng.randrange(1, 5)
        for _ in range(launches):
            try:
                RunRecord.read(out)
                words: tuple[str, ...] = ("resume", "--quiet", str(out))
            except StoreError:
                words = (*command, str(out))
            trial.kill(lambda first, words=words, log=log: call(*words, before=lambda: (slowly(log), first())))  # type: ignore[misc]
        words = ("resume", "--quiet", str(out)) if (out / "run.json").is_file() else (*command, str(out))
        trial.undisturbed(call(*words, before=lambda log=log: slowly(log)))  # type: ignore[misc]
        assert result(out) == result(whole), f"{out}: another result than that of the undisturbed run"
        said = asked(log)
        assert set(said) == set(once), f"{out}: asked for something else"
        # Of each launch that was killed, what was not on the disk yet, and the call on its way.
        assert len(said) - len(once) <= (calls.KEEP_EVERY + 1) * launches, f"{out}: kept replies were asked for again"
        assert not list(out.glob(".*")), f"{out}: left-over parts"
        more += 1
    return {"kills": trial.kills, "runs": more, "calls of a run": len(once)}


def scores(kills: int, rng: Random) -> dict[str, int]:
    """`score` killed and given again; the run that is scored stays as it is."""
    run, trial, number = Path("runs/whole"), Trial(rng), 0
    before = {file.name: file.read_bytes() for file in run.iterdir() if not file.name.startswith("held")}
    trial.undisturbed(call("score", str(run), "--out", "runs/scored"))
    expected = result(Path("runs/scored"))
    while trial.kills < kills:
        out = f"runs/scored{number}"
        while trial.kill(lambda first, out=out: call("score", str(run), "--out", out, before=first)):  # type: ignore[misc]
            assert not (Path(out) / "report.json").is_file() or result(Path(out)) == expected
            if (Path(out) / "report.json").is_file():
                break
        if not (Path(out) / "report.json").is_file():
            trial.undisturbed(call("score", str(run), "--out", out))
        assert result(Path(out)) == expected, f"{out}: other scores"
        number += 1
    assert before == {file.name: file.read_bytes() for file in run.iterdir() if not file.name.startswith("held")}
    return {"kills": trial.kills, "scored": number}


class Slow(BaseHTTPRequestHandler):
    """Serves `BODY` in small pieces, from where it is asked to."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.server.starts.append(start)  # type: ignore[attr-defined]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")
        self.send_header("Content-Length", str(len(BODY) - start))
        self.send_header("ETag", '"v1"')
        self.end_headers()
        try:
            for place in range(start, len(BODY), 65_536):
                self.wfile.write(BODY[place : place + 65_536])
                time.sleep(0.01)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def fetches(kills: int, rng: Random) -> dict[str, int]:
    """A download killed and begun again: it goes on, and the file is whole or not there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.starts = []  # type: ignore[attr-defined]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    hub, trial, number = f"http://127.0.0.1:{server.server_address[1]}", Trial(rng), 0
    wanted = Wanted(path=PATH, sha256=sha256(BODY).hexdigest())

    def fetch(first: Callable[[], object]) -> int:
        def work() -> None:
            first()
            Downloads(hub=hub).fetch(wanted)

        return launch(work)

    while trial.kills < kills:
        os.environ["XDG_CACHE_HOME"] = str(Path(f"cache{number}").absolute())
        if number == 0:
            trial.undisturbed(fetch(lambda: None))
        for _ in range(rng.randrange(1, 5)):
            trial.kill(fetch)
            place = fetched.place_of(PATH)
            assert not fetched.is_fetched(PATH) or place.read_bytes() == BODY
        if not fetched.is_fetched(PATH):
            assert os.waitpid(fetch(lambda: None), 0)[1] == 0, "the download cannot go on"
        assert fetched.fetched_file(PATH).read_bytes() == BODY
        number += 1
    resumed = sum(start > 0 for start in server.starts)  # type: ignore[attr-defined]
    server.shutdown()
    return {"kills": trial.kills, "files": number, "requests that went on": resumed}


def main(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    # Imported before the forks, so that a launch is a command and not an import.
    import httpx2  # noqa: F401
    import numpy  # noqa: F401
    import polars  # noqa: F401
    import torchmetrics  # noqa: F401

    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    (folder / "specs").mkdir()
    (folder / "specs" / "judged.medspec").write_text(module(MEAN, QUESTIONS, TELL, JUDGE, JUDGED), encoding="utf-8")
    (folder / "medspec.toml").write_text('specs = "specs"\n', encoding="utf-8")
    rows = [{"id": str(n), "question": f"Q{n}?", "gold": f"G{n}"} for n in range(ROWS)]
    (folder / "specs" / "questions").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "specs" / "questions" / "test.jsonl").write_text(lines, encoding="utf-8")
    began, rng = time.monotonic(), Random(seed)
    # Downloads last: a thread serves them, and processes are better forked without one.
    found: dict[str, Any] = {
        "run --judge": judged_runs(kills, rng),
        "score": scores(kills, rng),
        "fetch": fetches(kills, rng),
    }
    return {**found, "seconds": round(time.monotonic() - began, 1), "seed": seed}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(json.dumps(main(Path(sys.argv[1]).absolute(), int(sys.argv[2]), int(sys.argv[3]))))
