"""The journal of a run: every reply is on the disk before it counts.

    journal = Journal.open(folder)          one writer; a second one is refused
    journal.put_many([(key, reply), ...])   returns when the replies would survive a power cut
    journal.get_many(keys)                  what is known of these requests

A run that is stopped in any way is started again with the same command: replies that are in the journal are not asked
for again. An SQLite file in WAL mode with synchronous=FULL; SQLite's own lock is given back by the system when a process
dies, so no lock can be left behind: `held_by.json` beside it only says who the holder is, and counts for nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs

from medspec.backends.base import Decode, Message, Reply, Request
from medspec.errors import StoreError
from medspec.run.store_faults import damaged, failing, hold, is_damage, let_go, opening_fault

FORMAT = 2
"""The number of the journal's file format. 2: a reply taken from another run says which. 1 is read and brought to 2."""

KEY_FORMAT = 1
"""The number of the form of keys: it moves when the same request gets another key."""

NAME = "journal.sqlite"

MARK = 0x6D656473  # "meds": SQLite's application_id, so that another program's file is not taken for a journal
_CHUNK = 500

Line = tuple[bytes, bytes, bytes]
"""A reply as it is kept: its key, itself as JSON, and the seal over both."""

_JSON = json.JSONEncoder(sort_keys=True).encode
_COMPACT = json.JSONEncoder(separators=(",", ":")).encode
_FIELDS, _SETTINGS = (tuple(attrs.fields_dict(kind)) for kind in (Reply, Decode))


def request_key(model_digest: str, request: Request, *, by_row: bool = False) -> str:
    """Hex sha256 over everything that can change the reply: the model, the turns, the decode settings, the options.

    Task and row are left out, so that tasks that ask the same thing share one reply; with `by_row` they go in, for
    backends whose reply depends on them (`Abilities.by_row`).
    """
    # One JSON object with its keys in order, put together from parts: a run makes the same ones for every row.
    decode = _JSON({name: getattr(request.decode, name) for name in _SETTINGS})
    row = _JSON([request.task, request.row, request.sample]) if by_row else "null"
    grammar = "" if request.grammar is None else f'"grammar": {_JSON(request.grammar)}, '
    form = "" if request.form is None else f'"form": {_JSON(request.form.key)}, '
    parts = (
        f'{{"decode": {decode}, {form}"format": {KEY_FORMAT}, {grammar}"messages": [',
        ", ".join(map(_message_part, request.messages)),
        f'], "model": {_JSON(model_digest)}, "options": {_JSON(request.options)}, "row": {row}}}',
    )
    return sha256("".join(parts).encode()).hexdigest()


@lru_cache(maxsize=64)
def _message_part(message: Message) -> str:
    """One turn as it stands in a key. Kept for the turns of shots, which come again with every row."""
    # An image is its bytes; where nobody opens it, its path stands for them.
    return _JSON([message.role, message.text, *(picture.sha256 or picture.path for picture in message.images)])


class Journal:
    """Replies by request key, in one file. Use `Journal.open`, and close it (or use it in a `with` statement)."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._count = 0
        self._taken: bool | None = None
        """Whether any reply is another run's; None where nobody has looked yet."""

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
            raise StoreError(opening_fault(path, error)) from error
        except UnicodeDecodeError as error:  # SQLite says what it found, and that is no text
            if connection is not None:
                connection.close()
            raise StoreError(damaged(path, "its tables cannot be read")) from error
        except StoreError:
            if connection is not None:
                connection.close()
            raise
        hold(path)
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
                found.update(unseal(self.path, *line) for line in self._connection.execute(query, chunk))
        return found

    def taken_over(self, keys: Iterable[str]) -> dict[str, str]:
        """Those of `keys` whose reply was taken from another run, each with the name of that run."""
        found: dict[str, str] = {}
        with self._faults("read"):
            if self._taken is None:
                # Once: without an index this looks at every reply, and most runs have taken none.
                query = "SELECT 1 FROM reply WHERE origin IS NOT NULL LIMIT 1"
                self._taken = self._connection.execute(query).fetchone() is not None
            if not self._taken:
                return found
            for chunk in _chunks(list(keys)):
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, origin FROM reply WHERE origin IS NOT NULL AND key IN ({marks})"
                found.update((key.decode(), origin.decode()) for key, origin in self._connection.execute(query, chunk))
        return found

    def put_many(self, replies: Sequence[tuple[str, Reply]], *, origin: str | None = None) -> None:
        """Keep all of `replies`, or none and raise `StoreError`. Where a key has a reply already, the first one stays.

        `origin` is the name of the run they were taken from, None where the model was asked.
        """
        bodies = [(key.encode(), _to_json(reply)) for key, reply in replies]
        self.put_lines([(key, body, _seal(key, body)) for key, body in bodies], origin=origin)

    def put_lines(self, sealed: Sequence[Line], *, origin: str | None = None) -> None:
        """As `put_many`, for replies as they stand in a journal: written and sealed, and found to be sound."""
        lines = [(key.decode(), body.decode(), seal.decode(), origin) for key, body, seal in sealed]
        with self._faults("write"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                before = self._connection.total_changes
                self._connection.executemany("INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?)", lines)
                added = self._connection.total_changes - before
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some faults.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        self._count += added
        if added and origin is not None:
            self._taken = True

    def close(self) -> None:
        """Give back the file. What was kept stays, whether or not this is called."""
        let_go(self.path)
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
        if mark not in (0, MARK) or (mark == 0 and tables):
            raise StoreError(f"{self.path} is no journal of medspec; name another run folder")
        if version > FORMAT:
            raise StoreError(
                f"{self.path} was written by a newer medspec (journal format {version}, this version knows {FORMAT}); "
                "upgrade medspec, or name another run folder"
            )
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        if version < FORMAT:
            execute("BEGIN IMMEDIATE")
            execute(f"PRAGMA application_id = {MARK}")
            execute(f"PRAGMA user_version = {FORMAT}")
            if mark == MARK and version < 2:
                execute("ALTER TABLE reply ADD COLUMN origin TEXT")
            execute(
                "CREATE TABLE IF NOT EXISTS reply "
                "(key TEXT PRIMARY KEY, body TEXT NOT NULL, seal TEXT NOT NULL, origin TEXT)"
            )
            execute("COMMIT")
        self._count = execute("SELECT count(*) FROM reply").fetchone()[0]

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if is_damage(error):
                raise StoreError(damaged(self.path, str(error))) from error
            raise StoreError(
                f"cannot {doing} {self.path}: {failing(error)}; {self._count:,} replies are kept in it. "
                "Once that is put right, the same command goes on from there and asks for none of them again"
            ) from error


def unseal(path: Path, key: Any, body: Any, seal: Any) -> tuple[str, Reply]:
    """Key and reply of one line of the journal at `path`. Raises `StoreError` unless it is as it was written."""
    # Damage can change a value to one of another type, so nothing is taken for granted before the seal fits.
    if not (isinstance(key, bytes) and isinstance(body, bytes) and seal == _seal(key, body)):
        raise StoreError(damaged(path, "a reply is not as it was written"))
    return key.decode(), _from_json(body)


def _to_json(reply: Reply) -> bytes:
    return _COMPACT({name: getattr(reply, name) for name in _FIELDS}).encode()


def _from_json(body: bytes) -> Reply:
    fields: dict[str, Any] = json.loads(body.decode())
    if fields["scores"] is not None:
        fields["scores"] = tuple(fields["scores"])
    return Reply(**fields)


def _seal(key: bytes, body: bytes) -> bytes:
    """A checksum: SQLite finds damage to its own structure, but not to the text of a reply."""
    return sha256(key + b"\n" + body).hexdigest()[:16].encode()


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _CHUNK):
        yield keys[start : start + _CHUNK]
