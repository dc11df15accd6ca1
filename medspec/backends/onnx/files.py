"""Reading, checking and hashing the files of a model folder.

Refuses, naming the path: a file that is not there or is empty, a Git-LFS pointer in place of the file itself, and
invalid JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medspec.errors import BackendError

_POINTER_START = b"version https://git-lfs"


def require_file(path: Path, purpose: str) -> Path:
    """`path`, when it is a readable file with content of its own. `purpose` says in messages what it is needed for."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_POINTER_START))
    except (FileNotFoundError, NotADirectoryError) as err:
        raise BackendError(f"{path}: there is no such file; it is needed for {purpose}") from err
    except OSError as err:
        raise BackendError(f"{path}: cannot be read ({err.strerror}); it is needed for {purpose}") from err
    if not start:
        raise BackendError(f"{path}: the file is empty; it is needed for {purpose}")
    if start == _POINTER_START:
        message = f"{path}: this is a Git-LFS pointer, not {purpose}; fetch the file itself with `git lfs pull`"
        raise BackendError(message)
    return path


def read_text(path: Path, purpose: str) -> str:
    """The text of a UTF-8 file of the model folder."""
    try:
        return require_file(path, purpose).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise BackendError(f"{path}: not UTF-8 at byte {err.start}") from err


def read_json(path: Path, purpose: str) -> dict[str, Any]:
    """The JSON object in `path`."""
    text = read_text(path, purpose)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as err:
        raise BackendError(f"{path}:{err.lineno}:{err.colno}: invalid JSON: {err.msg}") from err
    if not isinstance(value, dict):
        raise BackendError(f"{path}: expected a JSON object, found {type(value).__name__}")
    return value


def first_json(folders: Sequence[Path], name: str, purpose: str) -> dict[str, Any]:
    """The JSON object in the first of `folders` that has a file `name`; empty when none has."""
    for folder in folders:
        if (folder / name).exists():
            return read_json(folder / name, purpose)
    return {}


def sha256_of_file(path: Path) -> str:
    """Hex sha256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
