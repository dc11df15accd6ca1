"""The folder of a run: its name, `run.json` that says how the run was started, and how a run is found again.

    runs/2026-11-22T18-03-12-core/  run.json  plan.json  environment.json  journal.sqlite  rows.parquet  report.json

`run.json` holds all that `resume` and `score` need and the plan does not say: the model and its options, where data were
looked for, the limit, and the folder one worked in. It stands before the first call; a folder without it was never asked
anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from medspec.errors import StoreError, UsageError
from medspec.plan.fits import misfit
from medspec.plan.form import from_json
from medspec.plan.hash import plan_hash
from medspec.plan.nodes import Plan
from medspec.run.environment import package_version
from medspec.run.roots import DataRoots
from medspec.run.whole_files import write_json
from medspec.text.suggest import nearest

FORMAT = 1
"""The number of the format of `run.json`."""

NAME = "run.json"


@attrs.frozen(kw_only=True)
class RunRecord:
    """How a run was started. `model` is the name it was asked for by, `described` what the backend says of itself."""

    model: str
    digest: str
    by_row: bool
    opens_images: bool
    described: Mapping[str, Any]
    started: str
    folder: str
    """The folder one worked in: relative paths of specs and models count from there."""
    options: Mapping[str, Any] = attrs.field(factory=dict)
    data: Mapping[str, list[str]] = attrs.field(factory=dict)
    limit: int | None = None
    keep_going: bool = False
    fresh: bool = True
    """Replies of other runs are not used."""
    plan: str | None = None
    """The hash of `plan.json`; None in runs that were begun before it was kept."""
    judges: Mapping[str, Any] = attrs.field(factory=dict)
    """`instead`: what stood in for judges; `models`: digest and description of the model of each judge, by its name."""

    def write(self, out: Path) -> None:
        """Write `run.json` into the folder of a run. Raises `StoreError`."""
        write_json(out / NAME, {"format": FORMAT, "medspec": package_version("medspec"), **attrs.asdict(self)})

    @classmethod
    def read(cls, out: Path) -> RunRecord:
        """What `run.json` in `out` says. Raises `StoreError`: not there, damaged, of another version."""
        file = out / NAME
        try:
            found = json.loads(file.read_text("utf-8"))
            version = found.pop("format", None)
            if version != FORMAT:
                known = f"format {version}, this version of medspec knows {FORMAT}"
                raise StoreError(f"{file} was written by another medspec ({known}); use that one for this run")
            found.pop("medspec", None)
            record = cls(**found)
            if (field := misfit(record, {"Mapping": Mapping, "Any": object})) is not None:
                raise ValueError(f"`{field}` holds something else")
            if not all(
                isinstance(listed, list) and all(isinstance(e, str) for e in listed) for listed in record.data.values()
            ):
                raise ValueError("`data` holds something else")
            return record
        except FileNotFoundError:
            raise StoreError(
                f"{out} holds no run that can go on: there is no {NAME}, so nothing was asked yet; "
                "start it again with `medspec run`"
            ) from None
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(f"{file} cannot be read: {error}; start the run again with `medspec run --out`") from error

    def roots(self, given: tuple[Path, ...] = ()) -> DataRoots:
        """Where this run looks for data: `given` first, then what it was started with."""
        kept = {name: tuple(Path(entry) for entry in self.data.get(name, ())) for name in _ROOTS}
        return DataRoots(given=(*given, *kept["given"]), environment=kept["environment"], configured=kept["configured"])


_ROOTS = ("given", "environment", "configured")


def kept_roots(roots: DataRoots) -> dict[str, list[str]]:
    """The roots as `RunRecord.data` keeps them: absolute, since a run may go on from another folder."""
    return {name: [str(root.absolute()) for root in getattr(roots, name)] for name in _ROOTS}


def new_folder(parent: Path, suite: str) -> Path:
    """Make `runs/2026-11-22T18-03-12-core`, in local time; a second run in the same second gets `-2`.

    Made at once, so that two runs that begin together have two folders. Raises `StoreError` where none can be made.
    """
    stem = f"{datetime.now():%Y-%m-%dT%H-%M-%S}-{suite}"
    number = 1
    while True:
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            if not folder.is_dir():
                raise StoreError(f"cannot make the run folder {folder}: {parent} is a file, not a folder") from None
            number += 1
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise StoreError(f"cannot make the run folder {folder}: {said}") from error


@contextmanager
def run_folder(out: Path | None, runs: Path, suite: str) -> Iterator[Path]:
    """`out`, or a new folder in `runs`, which is gone again where the run failed before it wrote anything."""
    if out is not None:
        yield out
        return
    folder = new_folder(runs, suite)
    try:
        yield folder
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise


def find_run(name: str | None, runs: Path) -> Path:
    """The folder of the run `name`: a path, or a name in `runs`; None is the newest that has not ended.

    Raises `UsageError` where there is none.
    """
    if name is None:
        for folder in reversed(run_folders(runs)):
            if not (folder / "report.json").is_file():
                return folder
        raise UsageError(f"no run in {runs} was stopped before its end; name the run that is meant")
    for folder in (Path(name), runs / name):
        if folder.is_dir():
            return folder
    close = nearest(name, [folder.name for folder in run_folders(runs)])
    raise UsageError(f"there is no run `{name}`, here or in {runs}" + (f"; did you mean `{close}`?" if close else ""))


def run_folders(runs: Path) -> list[Path]:
    """The folders in `runs` that were begun as runs, the oldest first."""
    try:
        found = [Path(entry) for entry in os.scandir(runs) if (Path(entry) / NAME).is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda folder: ((folder / NAME).stat().st_mtime_ns, folder.name))


def plan_of(out: Path) -> Plan:
    """The plan that was run in `out`. Raises `StoreError`, also where it is no longer the one the run began with."""
    file = out / "plan.json"
    try:
        plan = from_json(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {file}: {error}; name another folder with `--out`") from error
    if (out / NAME).is_file():
        begun = RunRecord.read(out).plan
        if begun is not None and begun != plan_hash(plan):
            raise StoreError(
                f"{file} was changed since the run began: its hash is {plan_hash(plan)}, and {begun} in {NAME}; "
                "start the run again with `medspec run`"
            )
    return plan
