"""Modules that are known to have no mistakes, so that they are neither parsed nor checked again.

A module's key covers its text, the keys of the modules it imports, and this version of medspec, byte for byte. A module
is known when a check of it, under the same key, had nothing to say. What is kept is the set of these keys and nothing
else: nothing read from it can change a result but by leaving a check out.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

import attrs

from medspec.text.cache_folder import cache_folder
from medspec.text.code_stamp import code_stamp

SUFFIX = ".medspec"
MOST_KEYS = 200_000
_IMPORT = re.compile(rb"^import[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)


@attrs.frozen
class Survey:
    """The files that were asked about, each with its key."""

    keys: Mapping[Path, str]
    suspects: tuple[Path, ...]
    """Those that are not known to be without mistakes."""


def survey(paths: Iterable[Path], root: Path) -> Survey:
    """Which of the spec files under `paths` have to be checked. `root` is the folder module names count from."""
    known = _read()
    keys = _Keys(root)
    found = {path: keys.of(path) for path in _files(paths)}
    return Survey(found, tuple(path for path, key in found.items() if key not in known))


def remember(found: Survey) -> None:
    """Keep the keys of `found`: all its files have been checked, and there was nothing to say."""
    before = _read()
    after = before | set(found.keys.values())
    if len(after) > MOST_KEYS:
        after = set(found.keys.values())
    if after != before:
        _write(after)


class _Keys:
    """The keys of modules under one root, each computed once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.version = code_stamp().encode()
        self.found: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """The key of the module in the file `path`; "" for a file that cannot be read, which is never known."""
        if path in self.found:
            return self.found[path]
        self.found[path] = ""  # modules that import each other are never known
        try:
            text = path.read_bytes()
        except OSError:
            return ""
        digest = sha256(self.version + text)
        for name in sorted(set(_IMPORT.findall(text))):
            digest.update(name)
            if not name.startswith(b"std."):
                target = self.root.joinpath(*name.decode().split(".")).with_suffix(SUFFIX)
                inner = self.of(target)
                if not inner:
                    return ""
                digest.update(inner.encode())
        # The name a module goes by is part of its messages, and of what others import.
        digest.update(os.path.relpath(path, self.root).encode())
        self.found[path] = digest.hexdigest()
        return self.found[path]


def _files(paths: Iterable[Path]) -> list[Path]:
    files: set[Path] = set()
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                files.update(Path(folder, name) for name in names if name.endswith(SUFFIX))
        else:
            files.add(path)
    return sorted(files)


def _place() -> Path:
    return cache_folder() / "clean.txt"


def _read() -> set[str]:
    try:
        return set(_place().read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        return set()


def _write(keys: set[str]) -> None:
    """A cache that cannot be written costs time, never a result."""
    place = _place()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, delete=False, encoding="ascii") as file:
            file.write("\n".join(sorted(keys)))
        os.replace(file.name, place)
    except OSError:
        return
