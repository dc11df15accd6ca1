"""Scores of other runs: what was computed of the same replies to the same rows in the same way is not computed again.

    shared.scored(key, task, make)  ->  what a run with that key has kept, else what `make` gives

`scores.json` in the folder of a run holds for each task the key of its numbers (`score_key.py`) and the numbers; the value of
each row is read from `rows.parquet` beside it. Looked into are this run's own folder and those whose replies may be used, the
newest first. What is damaged, edited or of another version is passed over.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.plan.form import digest
from medspec.run.shared_replies import OtherRuns
from medspec.run.whole_files import write_json
from medspec.text.code_stamp import code_stamp

if TYPE_CHECKING:
    import numpy as np

NAME = "scores.json"
ROWS = "rows.parquet"
FORMAT = 1

Entry = dict[str, Any]


@attrs.frozen(eq=False)
class Scored:
    """What scoring makes of a task: `told`, plain JSON for its entry in the report, and by score the value of each row.

    `per_row` has one value for every row and draw, NaN where the row was skipped.
    """

    told: dict[str, Any]
    per_row: Mapping[str, np.ndarray] = attrs.field(factory=dict)


@attrs.define
class SharedScores:
    """The scores a run may take over, and those it keeps for others. `surroundings` is what computed them."""

    out: Path
    folders: list[Path]
    surroundings: str
    keys: dict[str, str | None] = attrs.field(factory=dict)
    """Of each task that was scored."""
    _known: dict[Path, dict[str, Entry]] = attrs.field(factory=dict)
    _kept: list[Entry] = attrs.field(factory=list)

    @classmethod
    def beside(cls, out: Path, others: OtherRuns | None, surroundings: Mapping[str, Any]) -> SharedScores:
        """Those of the run in `out` and of `others`; none where no results of other runs are wanted."""
        folders = [] if others is None or not others.scores else [out, *others.folders]
        return cls(out, folders, digest([FORMAT, code_stamp(), surroundings]))

    def scored(self, key: str | None, task: str, make: Callable[[], Scored]) -> Scored:
        """The numbers of `task` under `key`; "" is the task of the aggregates."""
        self.keys[task] = key
        if key is None:
            return make()
        key = sha256(f"{self.surroundings} {key}".encode()).hexdigest()
        for folder in self.folders:
            entry = self._entries(folder).get(key)
            found = None if entry is None else _read(folder, entry)
            if entry is not None and found is not None:
                origin = entry["origin"] if folder == self.out else folder.name
                self._keep(key, task, found, origin)
                return found
        found = make()
        self._keep(key, task, found, None)
        return found

    @property
    def sources(self) -> dict[str, int]:
        """Of how many tasks the scores were taken from which run."""
        return dict(sorted(Counter(e["origin"] for e in self._kept if e["origin"] is not None and e["task"]).items()))

    def write(self) -> None:
        """Leave `scores.json` beside `rows.parquet`, which stands there already."""
        rows = _digest_of(self.out / ROWS)
        entries = [{**entry, "rows": rows} for entry in self._kept]
        write_json(
            self.out / NAME, {"format": FORMAT, "scores": [{**entry, "seal": _seal(entry)} for entry in entries]}
        )

    def _keep(self, key: str, task: str, found: Scored, origin: str | None) -> None:
        # As it is now: what is told of a judge's floor is written into the report's entry later.
        told = json.loads(json.dumps(found.told))
        self._kept.append({"key": key, "task": task, "origin": origin, "told": told, "per_row": list(found.per_row)})

    def _entries(self, folder: Path) -> dict[str, Entry]:
        if folder not in self._known:
            self._known[folder] = {entry["key"]: entry for entry in _sound(folder / NAME)}
        return self._known[folder]


def _sound(file: Path) -> Iterator[Entry]:
    """The entries in `file` that are as they were written."""
    try:
        found = json.loads(file.read_text("utf-8"))
        entries = found["scores"] if found["format"] == FORMAT else []
        for entry in entries:
            if entry.pop("seal") == _seal(entry):
                yield entry
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return


def _seal(entry: Entry) -> str:
    return sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


def _read(folder: Path, entry: Entry) -> Scored | None:
    """What `entry` keeps, with the values of rows; None where these are no longer those it was kept with."""
    if not entry["per_row"]:
        return Scored(json.loads(json.dumps(entry["told"])))
    rows = folder / ROWS
    if _digest_of(rows) != entry["rows"]:
        return None
    import polars as pl

    columns = {label: f"metric.{label}" for label in entry["per_row"]}
    lines = pl.read_parquet(rows, columns=["task", *columns.values()]).filter(pl.col("task") == entry["task"])
    per_row = {label: lines[column].fill_null(float("nan")).to_numpy() for label, column in columns.items()}
    return Scored(json.loads(json.dumps(entry["told"])), per_row)


def _digest_of(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
