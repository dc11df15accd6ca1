"""medspec resume, and runs beside each other: what goes on, what is taken over, what is refused."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from medspec.backends.base import Reply
from medspec.backends.hash import HashBackend
from medspec.run import calls
from medspec.run.folder import new_folder
from medspec.run.journal import Journal

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are of POSIX")


def report_of(folder: str | Path) -> dict:
    return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


def same_result(one: str | Path, two: str | Path) -> bool:
    """Whether two runs differ in nothing but times."""
    first, second = ({k: v for k, v in report_of(f).items() if k not in ("started", "seconds")} for f in (one, two))
    return first == second and (Path(one) / "rows.parquet").read_bytes() == (Path(two) / "rows.parquet").read_bytes()


def stop_after(count: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The model answers `count` requests and is interrupted then; what it is asked is listed."""
    answer, asked = HashBackend.answer, []

    def stopping(self, requests):
        for number, (index, reply) in enumerate(answer(self, requests)):
            if number == count:
                raise KeyboardInterrupt
            asked.append(requests[index].row)
            yield index, reply

    monkeypatch.setattr(HashBackend, "answer", stopping)
    return asked


def test_a_run_that_was_stopped_goes_on(project, medspec, monkeypatch):
    with monkeypatch.context() as stopped:
        stop_after(2, stopped)
        assert medspec("run", "--out", "runs/one", "--limit", "4").code == 3
    with monkeypatch.context() as watched:
        asked = stop_after(99, watched)
        done = medspec("resume")
    assert done.code == 0 and done.err == "going on with runs/one\n"
    assert asked == ["2", "3"]
    assert "Limit  4 rows" in done.out and "Files  runs/one" in done.out
    assert medspec("run", "--out", "elsewhere/whole", "--limit", "4").code == 0
    assert same_result("runs/one", "elsewhere/whole")


def test_a_run_goes_on_from_another_folder(project, medspec, monkeypatch):
    with monkeypatch.context() as stopped:
        stop_after(2, stopped)
        medspec("run", "--out", "here")
    (project.parent / "away").mkdir()
    monkeypatch.chdir(project.parent / "away")
    done = medspec("resume", str(project / "here"), "-q")
    assert (done.code, done.err) == (0, "")
    assert Path.cwd().name == "away" and report_of(project / "here")["calls"]["asked"] == 5


def test_a_run_that_has_ended_asks_nothing(project, medspec, monkeypatch):
    medspec("run", "--out", "runs/one")
    before = (project / "runs/one/rows.parquet").read_bytes()
    asked = stop_after(0, monkeypatch)
    assert medspec("resume", "one").code == 0
    assert asked == [] and (project / "runs/one/rows.parquet").read_bytes() == before


def test_what_cannot_go_on_says_why(project, medspec):
    def said(*arguments: str) -> tuple[int, str]:
        done = medspec(*arguments)
        return done.code, done.err.replace(str(project), "ROOT").strip()

    assert said("resume") == (2, "error: no run in ROOT/runs was stopped before its end; name the run that is meant")
    medspec("run", "--out", "runs/one")
    assert said("resume", "ome") == (2, "error: there is no run `ome`, here or in ROOT/runs; did you mean `one`?")
    Path("empty").mkdir()
    assert said("resume", "empty") == (
        3,
        "error: ROOT/empty holds no run that can go on: there is no run.json, so nothing was asked yet; "
        "start it again with `medspec run`",
    )
    record = Path("runs/one/run.json")
    kept = json.loads(record.read_text())
    record.write_text(json.dumps({**kept, "format": 9}))
    assert said("resume", "one")[1] == (
        "error: ROOT/runs/one/run.json was written by another medspec (format 9, this version of medspec knows 1); "
        "use that one for this run"
    )
    record.write_text(json.dumps({**kept, "digest": "0" * 64}))
    assert said("resume", "one", "-q")[1] == (
        "error: the model hash is no longer the one that the run was begun with: its files or settings changed; "
        "bring them back, or start another run"
    )
    record.write_text(json.dumps({**kept, "folder": "/nowhere/at/all"}))
    assert said("resume", "one", "-q")[1] == (
        "error: the run was begun in /nowhere/at/all, which is not there; go on where it is"
    )
    for data in ({"given": 7}, {"environment": None}, {"configured": [7]}, {"given": "folder"}):
        record.write_text(json.dumps({**kept, "data": data}))
        assert "runs/one/run.json cannot be read: `data` holds something else" in said("resume", "one")[1]
    record.write_text("{")
    assert "runs/one/run.json cannot be read" in said("resume", "one")[1]


def test_replies_of_another_run_are_used(project, medspec, monkeypatch):
    medspec("run", "--out", "runs/one", "--limit", "3")
    with monkeypatch.context() as watched:
        asked = stop_after(99, watched)
        done = medspec("run", "--out", "runs/two")
    assert asked == ["3", "4"]
    assert report_of("runs/two")["calls"] == {"asked": 2, "reused": 3, "sources": {"one": 3}}
    assert "Reused 3 replies of one" in done.out
    with monkeypatch.context() as watched:
        asked = stop_after(99, watched)
        medspec("run", "--out", "runs/three", "--fresh")
        medspec("run", "--out", "elsewhere/four")
        medspec("run", "--out", "runs/five", "--model", "hash", "--seed", "8")
    assert len(asked) >= 10
    assert report_of("runs/three")["tasks"] == report_of("runs/two")["tasks"]
    # The folder of the first run goes; what the second took from it stays with the second.
    for file in Path("runs/one").iterdir():
        file.unlink()
    monkeypatch.setattr(HashBackend, "answer", None)
    assert medspec("resume", "two").code == 0
    assert report_of("runs/two")["calls"] == {"asked": 2, "reused": 3, "sources": {"one": 3}}


def test_journals_that_cannot_be_used_are_passed_over(project, medspec):
    """In use, damaged, of another version: the run asks for itself, and the other journal stays as it is."""
    for name in ("held", "damaged", "newer"):
        medspec("run", "--out", f"runs/{name}", "--fresh")
    Path("runs/damaged/journal.sqlite").write_bytes(b"no journal at all" * 100)
    with sqlite3.connect("runs/newer/journal.sqlite") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with Journal.open(Path("runs/held")) as journal:
        journal.put_many([("a key", Reply(prompt_sha256="of a reply that came just now"))])
        before = Path("runs/damaged/journal.sqlite").read_bytes()
        assert medspec("run", "--out", "runs/new").code == 0
    assert report_of("runs/new")["calls"] == {"asked": 5, "reused": 0, "sources": {}}
    assert Path("runs/damaged/journal.sqlite").read_bytes() == before


def test_a_reply_that_was_changed_on_the_disk_is_not_taken_over(project, medspec):
    medspec("run", "--out", "runs/one")
    with sqlite3.connect("runs/one/journal.sqlite") as connection:
        connection.execute("UPDATE reply SET body = replace(body, 'scored', 'sCored')")
        connection.execute("UPDATE reply SET body = replace(body, 'stop', 'sTop')")
    connection.close()
    medspec("run", "--out", "runs/two")
    assert report_of("runs/two")["calls"] == {"asked": 5, "reused": 0, "sources": {}}


def test_a_journal_of_the_first_format_goes_on(project, medspec, monkeypatch):
    """Format 1 had no column for where a reply came from."""
    medspec("run", "--out", "here")
    with sqlite3.connect("here/journal.sqlite") as connection:
        connection.execute("ALTER TABLE reply DROP COLUMN origin")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    asked = stop_after(0, monkeypatch)
    assert medspec("resume", "here").code == 0 and asked == []
    assert report_of("here")["calls"] == {"asked": 5, "reused": 0, "sources": {}}


def test_two_runs_that_begin_in_one_second_have_two_folders(tmp_path, medspec, project):
    first, second = new_folder(tmp_path / "runs", "core"), new_folder(tmp_path / "runs", "core")
    assert first != second and first.is_dir() and second.is_dir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-core(-2)?", second.name)
    Path("specs/exam.jsonl").write_text("no row\n", "utf-8")
    assert medspec("run").code == 3
    assert list(Path("runs").iterdir()) == [], "a run that never began leaves a folder"


def test_a_clock_that_jumps_loses_nothing(project, medspec, monkeypatch):
    """A machine that slept for a week, and one whose clock was set back."""
    now = [0.0]

    def jumps() -> float:
        now[0] += 600_000.0
        return now[0]

    monkeypatch.setattr(calls.time, "monotonic", jumps)
    monkeypatch.setattr(calls.time, "time", lambda: -now[0])
    assert medspec("run", "--out", "slept").code == 0
    monkeypatch.undo()
    monkeypatch.chdir(project)
    medspec("run", "--out", "awake/run")
    assert same_result("slept", "awake/run")


RUN = [sys.executable, "-m", "medspec", "run", "--out", "here", "-q"]


@posix
def test_a_full_disk_stops_a_run_that_goes_on_later(project, medspec):
    """A limit on the size of files stands for the disk: at each size the run ends somewhere else."""
    limited = (
        "import resource, runpy, sys; size = int(sys.argv.pop(1)); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)); "
        "runpy.run_module('medspec', run_name='__main__')"
    )
    for size in (0, 3_000, 13_000):
        done = subprocess.run(
            [sys.executable, "-c", limited, str(size), *RUN[3:]], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 3, (size, done.stderr)
        assert re.search(r"cannot (write|open|make) .*here", done.stderr), (size, done.stderr)
        assert not Path("here/report.json").exists()
    assert medspec("run", "--out", "here", "-q").code == 0
    medspec("run", "--out", "awake/run")
    assert same_result("here", "awake/run")


@posix
def test_a_second_process_is_told_who_holds_the_folder(project, medspec):
    holding = "import sys, time; from pathlib import Path; from medspec.run.journal import Journal\n"
    holding += "journal = Journal.open(Path('here')); print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        done = medspec("run", "--out", "here", "-q")
        assert done.code == 3
        assert f"in use by another medspec process (process {process.pid} on {os.uname().nodename}, since " in done.err
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert Path("here/held_by.json").exists(), "the dead process could not clean up"
    began = time.monotonic()
    assert medspec("run", "--out", "here", "-q").code == 0
    assert time.monotonic() - began < 60 and not Path("here/held_by.json").exists()
