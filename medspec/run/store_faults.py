"""What is said when a journal cannot be used: who holds it, that it is damaged, that the disk is full."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path

_HOLDER = "held_by.json"


def hold(journal: Path) -> None:
    """Say beside `journal` that this process holds it: for messages only, the lock is SQLite's."""
    said = {"process": os.getpid(), "host": platform.node(), "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}"}
    # A disk that is full is said where a reply cannot be written.
    with suppress(OSError):
        journal.with_name(_HOLDER).write_text(json.dumps(said), "utf-8")


def let_go(journal: Path) -> None:
    """Take back what `hold` said."""
    with suppress(OSError):
        journal.with_name(_HOLDER).unlink(missing_ok=True)


def holder(journal: Path) -> str:
    """` (process 1234 on HOST, since 2026-11-22 20:31:05)`; empty where nobody says so."""
    try:
        said = json.loads(journal.with_name(_HOLDER).read_text("utf-8"))
        return f" (process {said['process']} on {said['host']}, since {said['since']})"
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def opening_fault(path: Path, error: sqlite3.Error) -> str:
    """Why the journal at `path` cannot be opened, and what to do."""
    if is_damage(error):
        return damaged(path, str(error))
    if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return (
            f"{path} is in use by another medspec process{holder(path)}; wait for it to end, or name another run folder"
        )
    return f"cannot open {path}: {failing(error)}"


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is broken."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def damaged(path: Path, detail: str) -> str:
    """What is said of a broken journal."""
    return (
        f"{path} is damaged ({detail}); move it and {path.name}-wal out of the way and start again: "
        "the replies in it are then asked for again"
    )


def failing(error: sqlite3.Error) -> str:
    """The reason of a fault that is not the file's own."""
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


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python raised the error by itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
