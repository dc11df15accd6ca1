"""Paths of data in a spec: relative, and below the data root."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from medspec.syntax import tree

if TYPE_CHECKING:
    from medspec.check.scope import Scope


def stays_inside(path: str, value: tree.Call, scope: Scope) -> bool:
    """Whether `path`, the first argument of `value`, stays below the data root; E0603 where it does not."""
    parts = PurePosixPath(path.replace("\\", "/"))
    if not (parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", path) or not path):
        return True
    place = value.arguments[0].value.place if value.arguments else value.place
    scope.report.add(
        "E0603",
        "a data path must stay inside the data root",
        (place, "an absolute path" if parts.is_absolute() else "leaves the root"),
        helps=["write a path relative to the data root, and pass the root with `--data DIR`"],
    )
    return False
