"""A folder of data that is one source: what it is called in messages, its digest, the files in it.

A folder is read whole: a name that begins with a dot, and folders inside, are passed over. Refused is what is no folder.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import attrs

from medspec.files.opening import DataFile


@attrs.frozen
class DataFolder(DataFile):
    """A folder to read. `path` is where it is."""

    def check(self, *, parquet: bool) -> None:
        """Raise `DataError` if this is no folder. `parquet` says nothing about one."""
        if not self.path.is_dir():
            raise self.fault("this is a file, and the source is a folder; name the folder that holds the files")

    def digest(self) -> str:
        """Hex sha256 over the name and the sha256 of each file, in the order of their names."""
        hashed = sha256()
        for name, file in self.files().items():
            hashed.update(f"{name}\0{file.digest()}\n".encode("utf-8", "surrogateescape"))
        return hashed.hexdigest()

    def files(self) -> dict[str, DataFile]:
        """The files in the folder by name, in the order of their names. Raises `DataError` where it cannot be read."""
        try:
            found = sorted(path for path in self.path.iterdir() if not path.name.startswith(".") and path.is_file())
        except OSError as error:
            raise self.cannot_read(error) from error
        return {path.name: DataFile(path, f"{self.name}/{path.name}") for path in found}


def open_data(path: Path, *, folder: bool) -> DataFile:
    """The file at `path`, or the folder where the source is one."""
    return DataFolder(path, str(path)) if folder else DataFile(path, str(path))
