"""Stands for the code of medspec: what was found out by other code is not believed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def code_stamp() -> str:
    """Name, size and time of every file of the package: any that changes makes it another stamp."""
    package = Path(__file__).resolve().parent.parent
    grammar = [package / "_grammar", package.parent / "grammar"]
    stamps = []
    for base in (package, *grammar):
        for folder, folders, names in os.walk(base):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                if name.endswith((".py", ".lark")):
                    stat = os.stat(os.path.join(folder, name))
                    stamps.append(f"{folder}/{name} {stat.st_size} {stat.st_mtime_ns}")
    return "\n".join(sorted(stamps))
