"""What lies in the folder of runs and is needed by none of them: left by processes that were killed, or never begun.

A folder is looked at only when nobody holds it, and only if all in it is medspec's own.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs

from medspec.run.journal import NAME as JOURNAL
from medspec.run.whole_files import parts_of

_OURS = {"run.json", "plan.json", "environment.json", "held_by.json", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm"}


@attrs.frozen
class Unneeded:
    """One file or folder that can go, and why."""

    path: Path
    why: str
    size: int

    def remove(self) -> None:
        """Remove it."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink(missing_ok=True)


def unneeded(runs: Path) -> list[Unneeded]:
    """Everything in `runs` that no run needs."""
    found: list[Unneeded] = []
    for folder in sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else ():
        if _is_held(folder):
            continue
        files = list(folder.iterdir())
        parts = parts_of(folder)
        if {path.name for path in files} - {path.name for path in parts} <= _OURS and not _replies(folder):
            found.append(Unneeded(folder, "a run that was never answered anything", _size(*files)))
            continue
        found += [Unneeded(path, "half a file, left by a process that was killed", _size(path)) for path in parts]
    return found


def _is_held(folder: Path) -> bool:
    """Whether a process is writing in `folder`, as far as can be seen without touching it."""
    path = folder / JOURNAL
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        return True
    return False


def _replies(folder: Path) -> int:
    path = folder / JOURNAL
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            count: int = connection.execute("SELECT count(*) FROM reply").fetchone()[0]
            return count
    except sqlite3.Error:
        # What cannot be read may be somebody's only copy.
        return 1


def _size(*files: Path) -> int:
    return sum(path.stat().st_size for path in files if path.is_file())
