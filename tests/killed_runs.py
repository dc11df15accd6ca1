"""Runs that are killed at random moments and go on: `python killed_runs.py FOLDER KILLS SEED`.

Every launch of a run is a forked process that is ended by kill -9: after a random time, or by itself in the middle of
writing a file, of which half stands then. Sometimes the journal's log is torn off as well, as a power cut does. After each
kill it is checked that nothing that was kept is lost or asked for again; at the end of each run, that journal, rows and
report are those of a run that nobody disturbed. Prints one JSON object with what was counted.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import attrs

from medspec.backends.base import Abilities, Reply, Request, sha256_of
from medspec.errors import StoreError
from medspec.plan.nodes import Plan
from medspec.run import calls, whole_files
from medspec.run.execute import execute
from medspec.run.folder import RunRecord
from medspec.run.journal import NAME, Journal
from medspec.run.roots import DataRoots

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }
record Row { id : text   question : text   options : text[2..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }}" }
prompt again(question: text) { user "Once more: {{ question }}" }
task first {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  metrics { primary accuracy  macro_f1 }
}
task likely = first {
  override answer choice of options via likelihood
}
task second = first { override prompt = again }
suite all { tasks { first  likely  second } }
"""

ROWS = 40


@attrs.frozen
class Logging:
    """A model that writes down what it is asked before it answers. `log` is opened for each line, so that none is lost."""

    log: Path
    digest: str = sha256_of("a model that is killed")
    abilities: Abilities = Abilities(text=True, logits=True)

    def describe(self) -> dict[str, Any]:
        return {"backend": "logging"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            prompt = request.plain_prompt
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps([prompt, request.options]) + "\n")
            said = sha256_of(f"{prompt} {request.options}")
            time.sleep(0.0015)
            scores = (
                None if request.options is None else tuple(-int(said[n], 16) / 7 for n, _ in enumerate(request.options))
            )
            yield (
                index,
                Reply(prompt_sha256=sha256_of(prompt), text="ABCDE"[int(said[0], 16) % 5], scores=scores, seconds=0.5),
            )

    def close(self) -> None:
        pass


def launch(work: Callable[[], object]) -> int:
    """The process that does `work` and ends with 0, or with 1 after a traceback."""
    process = os.fork()
    if process:
        return process
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001  the child must never go on with the parent's work
        traceback.print_exc()
        code = 1
    os._exit(code)


def dies_in_write(number: int) -> None:
    """In this process, end by kill -9 at the write of the `number`th whole file, when half of it is written."""
    seen = [0]
    fsync = os.fsync

    def torn(descriptor: int) -> None:
        seen[0] += 1
        if seen[0] == number:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(descriptor)

    whole_files.os.fsync = torn  # type: ignore[attr-defined]


@attrs.define
class Trial:
    """What every launch shares."""

    root: Path
    plan: Plan
    rng: Random
    seconds: float = 0.0
    kills: int = 0
    torn: int = 0
    runs: int = 0
    unstarted: int = 0
    asked_again: int = 0
    """Replies that had come and were not on the disk yet when the process was killed."""

    def run(self, out: Path, before: Callable[[], object] = lambda: None) -> int:
        def work() -> None:
            before()
            calls.KEEP_EVERY = 4
            execute(
                self.plan,
                Logging(out.with_suffix(".log")),
                model="logging",
                out=out,
                roots=DataRoots(given=(self.root / "data",)),
            )

        return launch(work)

    def kill_one(self, out: Path) -> None:
        """One launch that does not reach its end (or does, where the time was long)."""
        if self.rng.random() < 0.25:
            # Six whole files are written by a run, each brought to the disk together with its folder.
            number = self.rng.randrange(1, 11)
            process = self.run(out, lambda: dies_in_write(number))
        else:
            process = self.run(out)
            time.sleep(self.rng.random() * self.seconds * 1.1)
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        self.kills += 1
        log = out / f"{NAME}-wal"
        if self.rng.random() < 0.15 and log.is_file():
            os.truncate(log, self.rng.randrange(log.stat().st_size + 1))
            self.torn += 1


def kept(out: Path) -> dict[str, str]:
    """Every reply in the journal, by key; opening it takes over the lock of the dead process."""
    if not (out / NAME).is_file():
        return {}
    with Journal.open(out) as journal:
        found = journal._connection.execute("SELECT key, body FROM reply").fetchall()
    return {key.decode(): body.decode() for key, body in found}


def asked(out: Path) -> list[str]:
    log = out.with_suffix(".log")
    return log.read_text("utf-8").splitlines() if log.is_file() else []


def _asked_for(line: str) -> tuple[str, bool]:
    prompt, options = json.loads(line)
    return sha256_of(prompt), options is not None


def _kept_for(body: str) -> tuple[str, bool]:
    reply = json.loads(body)
    return reply["prompt_sha256"], reply["scores"] is not None


def result(out: Path) -> tuple[dict[str, Any], bytes]:
    report = json.loads((out / "report.json").read_text("utf-8"))
    return {key: value for key, value in report.items() if key not in ("started", "seconds")}, (
        out / "rows.parquet"
    ).read_bytes()


def check_one(trial: Trial, name: str, most_kills: int, whole: Path) -> None:
    """One run, killed some times and then left in peace."""
    out = trial.root / "runs" / name
    known = set(asked(whole))
    before: dict[str, str] = {}
    lines = 0
    for last in [*[False] * min(most_kills, trial.rng.randrange(1, 5)), True]:
        if last:
            _, status = os.waitpid(trial.run(out), 0)
            assert status == 0, f"{name}: the run cannot go on"
        else:
            torn = trial.torn
            trial.kill_one(out)
            try:
                RunRecord.read(out)
            except StoreError as error:
                assert "nothing was asked yet" in str(error), error
                assert not kept(out), f"{name}: replies without a run.json"
                trial.unstarted += 1
        after = kept(out)
        new = asked(out)[lines:]
        lines += len(new)
        assert set(new) <= known, f"{name}: asked for something else"
        assert len(new) == len(set(new)), f"{name}: asked twice in one launch"
        again = {_asked_for(line) for line in new} & {_kept_for(body) for body in before.values()}
        assert not again, f"{name}: {len(again)} replies were kept, and asked for again"
        if last or torn == trial.torn:
            assert before.items() <= after.items(), f"{name}: a reply that was kept is lost"
        trial.asked_again += max(len(before) + len(new) - len(after), 0)
        before = after
    assert before == kept(whole), f"{name}: other replies than in the undisturbed run"
    assert result(out) == result(whole), f"{name}: another report than that of the undisturbed run"
    assert not list(out.glob(".*")), f"{name}: left-over parts"
    trial.runs += 1


def main(root: Path, kills: int, seed: int) -> dict[str, Any]:
    # Imported before the forks, so that a launch is a run and not an import.
    import numpy  # noqa: F401
    import polars  # noqa: F401
    import torchmetrics  # noqa: F401
    from planned_specs import plan_of, write_lines

    rows = [
        {"id": f"r{n}", "question": f"Question {n}?", "options": ["a", "b", "c"][: 2 + n % 2], "gold": n % 2}
        for n in range(ROWS)
    ]
    write_lines(root / "data" / "exam.jsonl", rows)
    (root / "runs").mkdir(parents=True)
    trial = Trial(root, plan_of(SPEC, "all"), Random(seed))
    whole = root / "runs" / "whole"
    began = time.monotonic()
    _, status = os.waitpid(trial.run(whole), 0)
    assert status == 0, "the undisturbed run failed"
    trial.seconds = time.monotonic() - began
    while trial.kills < kills:
        check_one(trial, f"run{trial.runs}", kills - trial.kills, whole)
    return {
        "kills": trial.kills,
        "runs": trial.runs,
        "torn logs": trial.torn,
        "killed before run.json": trial.unstarted,
        "replies on their way when killed": trial.asked_again,
        "seconds of a whole run": round(trial.seconds, 3),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
