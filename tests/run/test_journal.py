"""The journal: what was acknowledged is there after anything; what is wrong is said; a wrong reply is never handed out."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random

import attrs
import journal_lines
import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_lines import SIZE, batch, reply
from unprivileged import needs_permissions, ordinary_user

from medspec.backends.base import Decode, Message, Picture, Reply, Request
from medspec.errors import StoreError
from medspec.run.journal import Journal, request_key

posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and limits on file sizes are of POSIX")

REQUEST = Request(
    task="t", row="7", messages=(Message("user", "Which?"),), decode=Decode(max_tokens=5), options=(" yes", " no")
)


def refusal(tmp_path: Path, folder: Path) -> str:
    with pytest.raises(StoreError) as caught:
        Journal.open(folder)
    found = str(caught.value).replace(str(tmp_path), "ROOT")
    return re.sub(r"process \d+ on \S+, since [\d-]+ [\d:]+", "process PID on HOST, since TIME", found)


REPLIES = st.builds(
    Reply,
    prompt_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    text=st.text(),
    scores=st.none() | st.lists(st.floats(allow_nan=False)).map(tuple),
    tokens_in=st.none() | st.integers(0, 2**40),
    tokens_out=st.none() | st.integers(0, 2**40),
    seconds=st.none() | st.floats(0, 1e6),
    finish=st.sampled_from(["stop", "length", "scored"]),
    failure=st.none() | st.just("too_long"),
    detail=st.none() | st.text(),
)


def test_every_bit_of_a_reply_comes_back(tmp_path: Path) -> None:
    written: dict[str, Reply] = {}

    @given(REPLIES)
    def keep(found: Reply) -> None:
        key = sha256(repr(found).encode("utf-8", "backslashreplace")).hexdigest()
        written[key] = found
        journal.put_many([(key, found)])
        assert journal.get_many([key, "unknown"]) == {key: found}

    with Journal.open(tmp_path / "new" / "run") as journal:
        keep()
        assert len(journal) == len(written) > 10
    with Journal.open(tmp_path / "new" / "run") as journal:
        assert len(journal) == len(written)
        assert journal.get_many(written) == written


def test_the_first_reply_for_a_key_stays(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.put_many([])
        journal.put_many([("a", reply(1)), ("a", reply(2)), ("b", reply(3))])
        journal.put_many([("b", reply(4)), ("c", reply(5))])
        assert journal.get_many(["a", "b", "c"]) == {"a": reply(1), "b": reply(3), "c": reply(5)}
        assert len(journal) == 3


def test_many_keys_are_asked_for_at_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        lines = [(f"k{number}", reply(number)) for number in range(2345)]
        journal.put_many(lines)
        assert journal.get_many(key for key, _ in lines) == dict(lines)
        assert journal.get_many([]) == {}


def test_keys_hold_what_changes_a_reply_and_nothing_else() -> None:
    written = (
        '{"decode": {"max_tokens": 5, "stop": [], "temperature": 0.0}, "format": 1, '
        '"messages": [["user", "Which?"]], "model": "abc", "options": [" yes", " no"], "row": null}'
    )
    key = request_key("abc", REQUEST)
    assert key == sha256(written.encode()).hexdigest()
    assert request_key("abc", attrs.evolve(REQUEST, task="u", row="8")) == key
    by_row = request_key("abc", REQUEST, by_row=True)
    assert by_row == sha256(written.replace("null", '["t", "7", 0]').encode()).hexdigest()
    changed = [
        request_key("abd", REQUEST),
        request_key("abc", attrs.evolve(REQUEST, messages=(Message("system", "Which?"),))),
        request_key("abc", attrs.evolve(REQUEST, messages=(Message("user", "Which? "),))),
        request_key("abc", attrs.evolve(REQUEST, messages=(*REQUEST.messages, Message("assistant", "")))),
        request_key("abc", attrs.evolve(REQUEST, decode=Decode(max_tokens=6))),
        request_key("abc", attrs.evolve(REQUEST, decode=Decode(max_tokens=5, temperature=0.5))),
        request_key("abc", attrs.evolve(REQUEST, decode=Decode(max_tokens=5, stop=("\n",)))),
        request_key("abc", attrs.evolve(REQUEST, options=(" no", " yes"))),
        request_key("abc", attrs.evolve(REQUEST, options=None)),
        request_key("abc", attrs.evolve(REQUEST, options=())),
        by_row,
        request_key("abc", attrs.evolve(REQUEST, row="8"), by_row=True),
        request_key("abc", attrs.evolve(REQUEST, task="u"), by_row=True),
    ]
    assert len({key, *changed}) == len(changed) + 1


TURNS = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant"]),
    st.text(max_size=4),
    st.lists(st.builds(Picture, st.just("a.png"), st.just(""), st.sampled_from(["", "0f"])), max_size=2).map(tuple),
)


@given(
    st.lists(TURNS, max_size=3),
    st.builds(Decode, temperature=st.sampled_from([0, 0.0, 1, 1.0, True, 0.5]), stop=st.just(("\n", "é"))),
    st.none() | st.lists(st.text(max_size=3), max_size=3).map(tuple),
    st.none() | st.just('start: "A"'),
    st.booleans(),
)
def test_a_key_is_the_digest_of_one_json_object(turns, decode, options, grammar, by_row) -> None:
    request = Request(
        task="t", row="7", messages=tuple(turns), decode=decode, options=options, grammar=grammar, sample=2
    )
    whole = {
        "format": 1,
        "model": "é",
        "messages": [[turn.role, turn.text, *(one.sha256 or one.path for one in turn.images)] for turn in turns],
        "decode": {"temperature": decode.temperature, "max_tokens": decode.max_tokens, "stop": decode.stop},
        "options": options,
        "row": ["t", "7", 2] if by_row else None,
        **({} if grammar is None else {"grammar": grammar}),
    }
    expected = sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    assert request_key("é", request, by_row=by_row) == expected


def writer(folder: Path, start: int) -> subprocess.Popen[str]:
    command = [sys.executable, journal_lines.__file__, str(folder), str(start)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@posix
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    rng = Random(11)
    start = 0
    for _ in range(24):
        process = writer(tmp_path, start)
        assert process.stdout is not None
        first = ""
        if rng.random() < 0.7:
            first = process.stdout.readline()
            time.sleep(rng.random() * 0.03)
        else:
            time.sleep(rng.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()
        acknowledged = [int(line) for line in (first + process.stdout.read()).split()]
        process.stdout.close()
        end = acknowledged[-1] + 1 if acknowledged else start
        with Journal.open(tmp_path) as journal:
            whole = dict(line for number in range(end + 1) for line in batch(number))
            found = journal.get_many(whole)
            kept = dict(line for number in range(end) for line in batch(number))
            unanswered = dict(batch(end))
            assert found in (kept, kept | unanswered)
            assert len(journal) == len(found)
        start = len(found) // SIZE
    assert start > 20


@posix
def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    expected = (
        "ROOT/journal.sqlite is in use by another medspec process (process PID on HOST, since TIME); "
        "wait for it to end, or name another run folder"
    )
    process = writer(tmp_path, 0)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        assert refusal(tmp_path, tmp_path) == expected
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with Journal.open(tmp_path) as journal:
        assert len(journal) >= 5
        assert refusal(tmp_path, tmp_path) == expected
    Journal.open(tmp_path).close()


def test_a_journal_of_a_newer_version(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.put_many(batch(0))
    connection = sqlite3.connect(tmp_path / "journal.sqlite")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    assert refusal(tmp_path, tmp_path) == (
        "ROOT/journal.sqlite was written by a newer medspec (journal format 7, this version knows 2); "
        "upgrade medspec, or name another run folder"
    )


def test_files_that_are_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE patients (name TEXT)")
    connection.close()
    assert refusal(tmp_path, tmp_path) == "ROOT/journal.sqlite is no journal of medspec; name another run folder"
    before = "the replies in it are then asked for again"
    path.write_bytes(b"not a database at all, but long enough to be read as the header of one" * 20)
    assert refusal(tmp_path, tmp_path) == (
        "ROOT/journal.sqlite is damaged (file is not a database); move it and journal.sqlite-wal out of the way "
        f"and start again: {before}"
    )
    path.unlink()
    path.mkdir()
    assert refusal(tmp_path, tmp_path) == "cannot open ROOT/journal.sqlite: no file can be written there"


def test_a_damaged_journal_never_hands_out_a_wrong_reply(tmp_path: Path) -> None:
    lines = dict(line for number in range(60) for line in batch(number))
    with Journal.open(tmp_path / "whole") as journal:
        journal.put_many(list(lines.items()))
    whole = (tmp_path / "whole" / "journal.sqlite").read_bytes()
    path = tmp_path / "journal.sqlite"
    rng = Random(5)
    refused = 0
    for _ in range(80):
        place = rng.randrange(len(whole) - 8)
        cut = rng.random() < 0.2
        path.write_bytes(whole[:place] if cut else whole[:place] + rng.randbytes(8) + whole[place + 8 :])
        for extra in tmp_path.glob("journal.sqlite-*"):
            extra.unlink()
        try:
            with Journal.open(tmp_path) as journal:
                found = journal.get_many(lines)
            assert found.items() <= lines.items()
        except StoreError as error:
            refused += 1
            assert str(error).startswith(str(path))
    assert refused > 40


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process can grow beyond `size` bytes."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@posix
def test_a_disk_that_takes_no_more_loses_nothing(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        kept = 0
        with room(150_000), pytest.raises(StoreError) as caught:
            while True:
                journal.put_many(batch(kept))
                kept += 1
        assert kept > 5
        assert str(caught.value) == (
            f"cannot write {tmp_path / 'journal.sqlite'}: the disk does not take what is written (it may be full, or gone); "
            f"{kept * 5} replies are kept in it. "
            "Once that is put right, the same command goes on from there and asks for none of them again"
        )
        # There is room again, and the same process could go on.
        journal.put_many(batch(kept))
    with Journal.open(tmp_path) as journal:
        lines = dict(line for number in range(kept + 1) for line in batch(number))
        assert journal.get_many(lines) == lines
        assert len(journal) == len(lines)


def test_a_full_disk_is_called_full(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.put_many(batch(0))
        journal._connection.execute("PRAGMA max_page_count = 5")
        with pytest.raises(StoreError, match="there is no room left on the disk; 5 replies are kept in it"):
            journal.put_many([line for number in range(1, 100) for line in batch(number)])
        assert journal.get_many(dict(batch(0))) == dict(batch(0))
        assert journal.get_many(dict(batch(1))) == {}
        assert len(journal) == 5


def test_an_interrupted_write_keeps_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        """A connection in which Ctrl-C falls between the insertion and the commit."""

        def __init__(self, connection: sqlite3.Connection) -> None:
            self.connection = connection

        def __getattr__(self, name: str) -> object:
            return getattr(self.connection, name)

        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement == "COMMIT":
                raise KeyboardInterrupt
            return self.connection.execute(statement, *values)  # type: ignore[arg-type]

    with Journal.open(tmp_path) as journal:
        journal.put_many(batch(0))
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(journal, "_connection", Interrupting(journal._connection))
            journal.put_many(batch(1))
        assert len(journal) == 5
        assert journal.get_many(dict(batch(1))) == {}
        journal.put_many(batch(1))
        assert len(journal) == 10


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path, tmp_path / "file" / "run") == "cannot make the run folder ROOT/file/run: not a directory"


@needs_permissions
def test_a_read_only_folder() -> None:
    with ordinary_user() as root:
        folder = root / "run"
        folder.mkdir()
        folder.chmod(0o500)
        assert refusal(root, folder) == "cannot open ROOT/run/journal.sqlite: no file can be written there"
        assert refusal(root, folder / "deeper") == "cannot make the run folder ROOT/run/deeper: permission denied"
        folder.chmod(0o700)
        with Journal.open(folder) as journal:
            journal.put_many(batch(0))
        folder.chmod(0o500)
        assert refusal(root, folder) == "cannot open ROOT/run/journal.sqlite: no file can be written there"
        (folder / "journal.sqlite").chmod(0o400)
        assert refusal(root, folder) == (
            "cannot open ROOT/run/journal.sqlite: it cannot be locked (it is read-only, or the file system has no locks)"
        )
