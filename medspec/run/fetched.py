"""The cache of data from the network: where a file is once it was fetched, and what is said where it is not.

    <cache>/data/<hash of the address>/exam.jsonl   and   fetched.json, with address, size and sha256

Nothing is downloaded here. A file whose bytes are not those that were fetched is refused.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from medspec.errors import DataError
from medspec.files.opening import DataFile
from medspec.run.whole_files import write_json
from medspec.text.cache_folder import cache_folder
from medspec.text.remote_address import address_fault, read_address

_NOTE = "fetched.json"


def place_of(path: str) -> Path:
    """Where the file of an address is kept. Raises `DataError` for an address that is none."""
    if (wrong := address_fault(path)) is not None:
        raise DataError(f"`{path}`: {wrong[0]}; {wrong[1]}")
    return cache_folder() / "data" / sha256(path.encode()).hexdigest()[:32] / read_address(path).name


def is_fetched(path: str) -> bool:
    """Whether the file is there as it was fetched, as far as its size says."""
    place = place_of(path)
    note = _note(place)
    return note is not None and place.is_file() and place.stat().st_size == note["bytes"]


def fetched_file(path: str, *, dataset: str = "", license: str | None = None, fetch: str | None = None) -> Path:
    """The file of an address. Raises `DataError`: it was not fetched, or is not as it was."""
    place = place_of(path)
    if not is_fetched(path):
        raise DataError("\n  ".join([*missing(path, dataset, license, fetch), "`medspec fetch` downloads it"]))
    note = _note(place)
    assert note is not None
    if DataFile(place, str(place)).digest() != note["sha256"]:
        raise DataError(f"{place}: this is not what was fetched from `{path}`; remove it, and `medspec fetch` again")
    return place


def missing(path: str, dataset: str, license: str | None, fetch: str | None) -> list[str]:
    """What is said of a file that is not here: which it is, under which licence, where to ask for it, where it belongs."""
    of = f" of dataset `{dataset}`" if dataset else ""
    lines = [f"`{path}`{of} is not on this machine"]
    lines += [] if license is None else [f"the dataset's licence is `{license}`"]
    lines += [f"to get it: {fetch}"] if fetch is not None else [f"about it: {read_address(path).page}"]
    return lines


def keep(path: str, part: Path) -> Path:
    """Take `part`, a finished download, into the cache. Raises `StoreError`."""
    place = place_of(path)
    note = {"address": path, "bytes": part.stat().st_size, "sha256": DataFile(part, str(part)).digest()}
    part.replace(place)
    # The last: a file without it was not fetched to its end.
    write_json(place.with_name(_NOTE), note)
    return place


def noted_address(folder: Path) -> str | None:
    """The address whose file lies in a folder of the cache; None where it was not fetched to its end."""
    note = _note(folder / _NOTE)
    address = None if note is None else note.get("address")
    return address if isinstance(address, str) and address_fault(address) is None else None


def _note(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.with_name(_NOTE).read_text("utf-8"))
        return found if isinstance(found["bytes"], int) and isinstance(found["sha256"], str) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
