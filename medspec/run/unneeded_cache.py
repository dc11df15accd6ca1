"""What lies in the cache of downloads and is not named by the specs at hand.

The cache is the user's and not a project's: specs elsewhere may name what these do not, and then it is fetched again. Folders that
a process is downloading into are left alone, and so is everything that is not medspec's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from medspec.run.fetched import is_fetched, noted_address, place_of
from medspec.run.unneeded import Unneeded
from medspec.text.cache_folder import cache_folder


def unneeded_downloads(named: Iterable[str]) -> list[Unneeded]:
    """Fetched files and half downloads whose address is none of `named`, and files that are not as they were fetched."""
    kept = {place_of(address).parent for address in named}
    base = cache_folder() / "data"
    found: list[Unneeded] = []
    for folder in sorted(path for path in base.iterdir() if path.is_dir()) if base.is_dir() else ():
        files = [path for path in folder.iterdir() if path.is_file()]
        if folder.is_symlink() or len(folder.name) != 32 or _is_held(folder):
            continue
        size = sum(path.stat().st_size for path in files)
        address = noted_address(folder)
        if folder not in kept:
            what = "half a download" if address is None else address
            found.append(Unneeded(folder, f"{what}, named by no spec here", size))
        elif address is not None and not is_fetched(address):
            found.append(Unneeded(folder, f"{address}, not as it was fetched", size))
    return found


def _is_held(folder: Path) -> bool:
    """Whether a process is downloading into `folder`."""
    lock = folder / ".lock"
    if not lock.is_file():
        return False
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        return True  # what downloads is not installed, so nobody can say
    try:
        with FileLock(str(lock), timeout=0):
            return False
    except Timeout:
        return True
