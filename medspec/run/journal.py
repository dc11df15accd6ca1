"""The journal of a run: every reply is on the disk before it counts.

    journal = Journal.open(folder)          one writer; a second one is refused
    journal.put_many([(key, reply), ...])   returns when the replies would survive a power cut
    journal.get_many(keys)                  what is known of these requests

A run that is stopped in any way is started again with the same command: replies that are in the journal are not asked
for again. An SQLite file in WAL mode with synchronous=FULL; SQLite's own lock is given back by the system when a process
dies, so no stale lock file can be left behind.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs

from medspec.backends.base import Reply, Request
from medspec.errors import StoreError

FORMAT = 1
"""The number of the journal's file format."""

NAME = "journal.sqlite"

_MARK = 0x6D656473  # "meds": SQLite's application_id, so that another program's file is not taken for a journal
_CHUNK = 500


def request_key(model_digest: str, request: Request, *, by_row: bool = False) -> str:
    """Hex sha256 over everything that can change the reply: the model, the turns, the decode settings, the options.

    Task and row are left out, so that tasks that ask the same thing share one reply; with `by_row` they go in, for
    backends whose reply depends on them (`Abilities.by_row`).
    """
    parts = {
        "format": FORMAT,
        "model": model_digest,
        # An image is its bytes; where nobody opens it, its path stands for them.
        "messages": [
            [message.role, message.text, *(picture.sha256 or picture.path for picture in message.images)]
            for message in request.messages
        ],
        "decode": attrs.asdict(request.decode),
        "options": request.options,
        "row": [request.task, request.row, request.sample] if by_row else None,
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Journal:
    """Replies by request key, in one file. Use `Journal.open`, and close it (or use it in a `with` statement)."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._count = 0

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """The journal in `folder`; both are made where they are missing.

        Raises `StoreError`: in use by another process, no permission, damaged, from a newer version, no journal.
        """
        path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot make the run folder {folder}: {(error.strerror or str(error)).lower()}"
            ) from error
        connection = None
        try:
            # A short wait lets a process that is just ending give back its lock.
            connection = sqlite3.connect(path, timeout=0.5, isolation_level=None)
            connection.text_factory = bytes
            journal = cls(path, connection)
            journal._prepare()
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise StoreError(_opening_fault(path, error)) from error
        except StoreError:
            if connection is not None:
                connection.close()
            raise
        return journal

    def __len__(self) -> int:
        """How many replies are kept."""
        return self._count

    def get_many(self, keys: Iterable[str]) -> dict[str, Reply]:
        """The replies kept for `keys`; keys without one are left out. Raises `StoreError` for a damaged file."""
        found: dict[str, Reply] = {}
        with self._faults("read"):
            for chunk in _chunks(list(keys)):
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, body, seal FROM reply WHERE key IN ({marks})"
                for line in self._connection.execute(query, chunk):
                    key, reply = self._unseal(*line)
                    found[key] = reply
        return found

    def put_many(self, replies: Sequence[tuple[str, Reply]]) -> None:
        """Keep all of `replies`, or none and raise `StoreError`. Where a key has a reply already, the first one stays."""
        bodies = [(key.encode(), _to_json(reply)) for key, reply in replies]
        lines = [(key.decode(), body.decode(), _seal(key, body).decode()) for key, body in bodies]
        with self._faults("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                before = self._connection.total_changes
                self._connection.executemany("INSERT OR IGNORE INTO reply VALUES (?, ?, ?)", lines)
                added = self._connection.total_changes - before
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some faults.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._count += added

    def close(self) -> None:
        """Give back the file. What was kept stays, whether or not this is called."""
        with self._faults("close"):
            self._connection.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        execute = self._connection.execute
        # Exclusive before the first access: then no second process can come in, and no shared-memory file is needed.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        mark, version, tables = (
            execute(question).fetchone()[0]
            for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if mark not in (0, _MARK) or (mark == 0 and tables):
            raise StoreError(f"{self.path} is no journal of medspec; name another run folder")
        if version > FORMAT:
            raise StoreError(
                f"{self.path} was written by a newer medspec (journal format {version}, this version knows {FORMAT}); "
                "upgrade medspec, or name another run folder"
            )
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("BEGIN IMMEDIATE")
        execute(f"PRAGMA application_id = {_MARK}")
        execute(f"PRAGMA user_version = {FORMAT}")
        execute("CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, body TEXT NOT NULL, seal TEXT NOT NULL)")
        execute("COMMIT")
        self._count = execute("SELECT count(*) FROM reply").fetchone()[0]

    def _unseal(self, key: Any, body: Any, seal: Any) -> tuple[str, Reply]:
        # Damage can change a value to one of another type, so nothing is taken for granted before the seal fits.
        if not (isinstance(key, bytes) and isinstance(body, bytes) and seal == _seal(key, body)):
            raise StoreError(_damaged(self.path, "a reply is not as it was written"))
        return key.decode(), _from_json(body)

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if _is_damage(error):
                raise StoreError(_damaged(self.path, str(error))) from error
            raise StoreError(
                f"cannot {doing} {self.path}: {_reason(error)}; {self._count:,} replies are kept in it. "
                "Once that is put right, the same command goes on from there and asks for none of them again"
            ) from error


def _to_json(reply: Reply) -> bytes:
    return json.dumps(attrs.asdict(reply), separators=(",", ":")).encode()


def _from_json(body: bytes) -> Reply:
    fields: dict[str, Any] = json.loads(body)
    if fields["scores"] is not None:
        fields["scores"] = tuple(fields["scores"])
    return Reply(**fields)


def _seal(key: bytes, body: bytes) -> bytes:
    """A checksum: SQLite finds damage to its own structure, but not to the text of a reply."""
    return sha256(key + b"\n" + body).hexdigest()[:16].encode()


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python raised the error by itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_damage(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _damaged(path: Path, detail: str) -> str:
    return (
        f"{path} is damaged ({detail}); move it and {path.name}-wal out of the way and start again: "
        "the replies in it are then asked for again"
    )


def _opening_fault(path: Path, error: sqlite3.Error) -> str:
    if _is_damage(error):
        return _damaged(path, str(error))
    if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{path} is in use by another medspec process; wait for it to end, or name another run folder"
    return f"cannot open {path}: {_reason(error)}"


def _reason(error: sqlite3.Error) -> str:
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_LOCK:
        return "it cannot be locked (it is read-only, or the file system has no locks)"
    match _code(error):
        case sqlite3.SQLITE_FULL:
            return "there is no room left on the disk"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return "no file can be written there"
        case sqlite3.SQLITE_IOERR:
            return "the disk does not take what is written (it may be full, or gone)"
    return str(error)
