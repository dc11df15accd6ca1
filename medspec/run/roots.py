"""Where data files are looked for: `--data DIR`, `MEDSPEC_DATA`, the roots of `medspec.toml`, then the spec's own folder.

A path in a spec is relative and stays inside the root it is found in: specs come from other people, and must not be able
to read any file of the machine they are run on. Symbolic links that lead out of a root are refused for the same reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath

import attrs

from medspec.errors import DataError
from medspec.run.fetched import fetched_file
from medspec.text.remote_address import is_remote
from medspec.text.suggest import nearest

VARIABLE = "MEDSPEC_DATA"
"""The environment variable with data roots, separated as in PATH."""

_NAMES_COMPARED = 2000
_FITTING_SHOWN = 5


@attrs.frozen(kw_only=True)
class DataRoots:
    """Folders with data, in the order in which they are tried."""

    given: tuple[Path, ...] = ()
    """From `--data`."""
    environment: tuple[Path, ...] = ()
    """From `MEDSPEC_DATA`."""
    configured: tuple[Path, ...] = ()
    """From `medspec.toml`."""

    @classmethod
    def of(
        cls,
        given: Sequence[str | Path] = (),
        configured: Sequence[str | Path] = (),
        environment: Mapping[str, str] = os.environ,
    ) -> DataRoots:
        """The roots of one command. Empty entries of `MEDSPEC_DATA` are passed over, `~` is the home folder."""
        listed = [entry for entry in environment.get(VARIABLE, "").split(os.pathsep) if entry.strip()]
        return cls(
            given=tuple(Path(entry).expanduser() for entry in given),
            environment=tuple(Path(entry).expanduser() for entry in listed),
            configured=tuple(Path(entry).expanduser() for entry in configured),
        )

    def places(self, folder: str | Path = "") -> Iterator[tuple[Path, str]]:
        """Each root and where it comes from, in order; `folder` is the spec's own, the last."""
        for root in self.given:
            yield root, "--data"
        for root in self.environment:
            yield root, VARIABLE
        for root in self.configured:
            yield root, "medspec.toml"
        if folder:
            yield Path(folder), "the spec's folder"


def find_model(place: str, roots: DataRoots) -> Path | None:
    """The folder of a model below the data roots, then where medspec runs; None where there is none."""
    folders = [*(root for root, _ in roots.places()), Path()]
    return next((root / place for root in folders if (root / place).is_dir()), None)


def find_file(
    path: str,
    roots: DataRoots,
    *,
    folder: str | Path = "",
    dataset: str = "",
    license: str | None = None,
    fetch: str | None = None,
    whole_folder: bool = False,
) -> Path:
    """The first file at `path` under `roots`, then under `folder`. A `*` in the path stands for the unknown part of a name.

    With `whole_folder` it is a folder that is looked for.
    `dataset`, `license` and `fetch` are for the message of the `DataError` that is raised where there is none, or where the path
    leaves its root.
    """
    if is_remote(path):
        return fetched_file(path, dataset=dataset, license=license, fetch=fetch)
    _refuse_outside(path)
    place, looked = _look(path, roots, folder, whole_folder=whole_folder)
    if place is not None:
        return place
    of = f" of dataset `{dataset}`" if dataset else ""
    places = looked or ["nowhere: there is no data root"]
    advice = _advice(path, roots, folder, license, fetch)
    raise DataError("\n  ".join([f"`{path}`{of} was not found; looked at:", *places, *advice]))


def is_there(path: str, roots: DataRoots, *, folder: str | Path = "", whole_folder: bool = False) -> bool:
    """Whether `find_file` finds something at a path that is no address, be it something that is refused."""
    try:
        _refuse_outside(path)
        return _look(path, roots, folder, whole_folder=whole_folder)[0] is not None
    except DataError:
        return True


def _look(path: str, roots: DataRoots, folder: str | Path, *, whole_folder: bool) -> tuple[Path | None, list[str]]:
    """The first place where `path` is, and a line for each place that was looked at before."""
    looked: list[str] = []
    for root, origin in roots.places(folder):
        place = _matching(root, path) if "*" in path else root / path
        note = _why_not(root, place, whole_folder=whole_folder)
        if note is None:
            _refuse_escape(path, root, place)
            return place, looked
        if (line := f"{place} ({origin}{note})") not in looked:
            looked.append(line)
    return None, looked


def _matching(root: Path, path: str) -> Path:
    """The one file under `root` that fits a path with `*` in it; the path itself where there is none."""
    found = sorted(root.glob(path)) if root.is_dir() else []
    if len(found) > 1:
        names = ", ".join(str(entry) for entry in found[:_FITTING_SHOWN])
        more = f" and {len(found) - _FITTING_SHOWN:,} more" if len(found) > _FITTING_SHOWN else ""
        raise DataError(f"`{path}` is to be one file, and {len(found)} fit it: {names}{more}")
    return found[0] if found else root / path


def _refuse_outside(path: str) -> None:
    """Refuse what is no plain relative path, in the forms of every system, before the file system is asked."""
    windows = PureWindowsPath(path)
    if not path.strip() or "\0" in path:
        raise DataError(f"{path!r} is no path of a file")
    if path.startswith("~") or windows.drive or windows.root:
        raise DataError(
            f"`{path}` is absolute; data paths are relative to a data root: write the last part in the spec, "
            "and give the rest as `--data DIR`"
        )
    if ".." in windows.parts:
        raise DataError(f"`{path}` leaves its data root by `..`; give the folder above as `--data DIR`")


def _refuse_escape(path: str, root: Path, place: Path) -> None:
    target = place.resolve()
    if not target.is_relative_to(root.resolve()):
        raise DataError(
            f"`{path}` is a symbolic link out of its data root: {place} leads to {target}; "
            "give the folder it leads to as `--data DIR`"
        )


def _why_not(root: Path, place: Path, *, whole_folder: bool) -> str | None:
    """None if `place` is a file, or a folder where one is looked for, else what to say about it after its origin."""
    try:
        if place.is_dir() if whole_folder else place.is_file():
            return None
        if place.is_file():
            return ": a file, not a directory"
        if place.is_dir():
            return ": a directory, not a file"
        return "" if root.is_dir() else ": no such folder"
    except OSError as error:
        return f": {error.strerror}"


def _advice(path: str, roots: DataRoots, folder: str | Path, license: str | None, fetch: str | None) -> list[str]:
    lines = [] if license is None else [f"the dataset's licence is `{license}`"]
    lines += [] if fetch is None else [f"to get it: {fetch}"]
    for root, _ in roots.places(folder):
        if (meant := _neighbour(root / path)) is not None:
            lines.append(f"did you mean {meant}?")
            break
    return [*lines, f"say where it is: `--data DIR`, with DIR the folder that holds `{path}`"]


def _neighbour(place: Path) -> Path | None:
    """The file beside `place` whose name is nearest, or that is the same file compressed."""
    try:
        names = [entry.name for _, entry in zip(range(_NAMES_COMPARED), os.scandir(place.parent), strict=False)]
    except OSError:
        return None
    packed = [name for name in names if name in {place.name + end for end in (".gz", ".zip", ".zst", ".xz", ".bz2")}]
    meant = packed[0] if packed else nearest(place.name, names)
    return None if meant is None else place.parent / meant
