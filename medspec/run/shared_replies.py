"""Replies of other runs: what a run with the same model was answered already is not asked again.

    OtherRuns.beside(out, digest).get_many(keys)  ->  [(name of the run, what was found in it)]

There is no store beside the runs: replies live in the journals of the runs that got them, and go with their folders. Looked
into are the folders beside the new run's whose model is the same, the newest first, and only until everything is found. A
journal that is in use, damaged or of another version is passed over; every reply is checked against its seal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import attrs

from medspec.backends.base import Backend, Reply
from medspec.errors import StoreError
from medspec.run.folder import RunRecord, run_folders
from medspec.run.journal import FORMAT, MARK, NAME, Journal, Line, unseal

_CHUNK = 500


@attrs.frozen
class Found:
    """Replies by key, and the lines of the journal they stand in, which another journal may take as they are."""

    replies: dict[str, Reply] = attrs.field(factory=dict)
    lines: list[Line] = attrs.field(factory=list)


@attrs.define
class OtherRuns:
    """The folders replies may be taken from, in the order in which they are asked."""

    folders: list[Path]
    scores: bool = False
    """Whether scores of these runs are taken over too."""

    @classmethod
    def beside(cls, out: Path, digest: str) -> OtherRuns:
        """The runs in the folder of `out` whose model has this `digest`, the newest first."""
        me = out.absolute()
        found = [folder for folder in reversed(run_folders(me.parent)) if folder != me and _same(folder, digest)]
        return cls(found, scores=True)

    def get_many(self, keys: Collection[str]) -> Iterator[tuple[str, Found]]:
        """What is known of `keys`, run by run; no key comes twice."""
        wanted = dict.fromkeys(keys)
        for folder in list(self.folders):
            if not wanted:
                return
            found = _look_up(folder, list(wanted))
            if found is None:
                self.folders.remove(folder)
                continue
            for key in found.replies:
                del wanted[key]
            if found.lines:
                yield folder.name, found


def sharing(out: Path, backend: Backend) -> OtherRuns | None:
    """The runs whose replies a run into `out` may use; None where a reply would not be the model's own.

    Recordings cost nothing to read again. What is drawn at random by a model that cannot draw the same again is drawn anew.
    """
    if backend.abilities.by_row or not backend.abilities.deterministic:
        return None
    return OtherRuns.beside(out, backend.digest)


def _same(folder: Path, digest: str) -> bool:
    try:
        return RunRecord.read(folder).digest == digest
    except StoreError:
        return False


def _look_up(folder: Path, keys: list[str]) -> Found | None:
    """The replies to `keys` in one run; None where its journal cannot be used."""
    path = folder / NAME
    found = Found()
    try:
        wal = path.with_name(f"{NAME}-wal")
        if wal.is_file() and wal.stat().st_size:
            # Of a run that was killed: opening it once brings what it kept into the file itself. Refused while it runs.
            Journal.open(folder).close()
        # Immutable: no lock is taken and nothing is written beside a journal that is not ours.
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.text_factory = bytes
            asked = ("PRAGMA application_id", "PRAGMA user_version")
            mark, version = (connection.execute(question).fetchone()[0] for question in asked)
            if mark != MARK or version > FORMAT:
                return None
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, body, seal FROM reply WHERE key IN ({marks})"
                for line in connection.execute(query, chunk):
                    key, reply = unseal(path, *line)
                    found.replies[key] = reply
                    found.lines.append(line)
    except (sqlite3.Error, StoreError, OSError):
        return None
    return found
