"""Result files, written whole or not at all.

A file is written under another name in the same folder, brought to the disk, and only then given its name. Whatever
happens on the way, under the final name stands the old file, the new file, or none: never half of one.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from medspec.errors import StoreError


def write_whole(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Write `content`, or what it writes when called with an open file, to `path`; makes the folder where it is missing.

    Raises `StoreError` naming the path when there is no room or no permission; a file that stood there before is kept.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as stream:
                if callable(content):
                    content(stream)
                else:
                    stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        kept = "the file that stood there before is unchanged" if path.is_file() else "nothing was written"
        raise StoreError(f"cannot write {path}: {_reason(error)}; {kept}") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON with two blanks of indent and a line break at the end; refuses NaN and the infinities."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write_whole(path, f"{text}\n".encode())


def parts_of(folder: Path) -> list[Path]:
    """Files in `folder` that were being written when their process was killed."""
    return sorted(path for path in folder.glob(".*.part") if path.is_file())


def remove_parts(folder: Path) -> None:
    """Remove them. Only for who alone writes in `folder`."""
    for path in parts_of(folder):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring the new name itself to the disk, where the system lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    match error:
        case PermissionError():
            return "no permission to write there"
        case NotADirectoryError() | FileExistsError():
            return f"{error.filename} is a file, not a folder"
        case IsADirectoryError():
            return "there is a folder of that name"
    return (error.strerror or str(error)).lower()
