"""Paths of data in a spec: relative, and below the data root; or an address that says which version is meant."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from medspec.syntax import tree
from medspec.text.remote_address import address_fault, is_remote

if TYPE_CHECKING:
    from medspec.check.scope import Scope
    from medspec.text.diagnostic import Report
    from medspec.text.source import Place


def stays_inside(path: str, value: tree.Call, scope: Scope) -> bool:
    """Whether `path`, the first argument of `value`, stays below the data root, or is a sound address; else E0603, E0602."""
    if is_remote(path):
        wrong = address_fault(path)
        if wrong is not None:
            place = value.arguments[0].value.place if value.arguments else value.place
            scope.report.add("E0602", wrong[0], (place, "an address on the network"), helps=[wrong[1]])
        return wrong is None
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


def model_stays_inside(path: str, place: Place, report: Report) -> bool:
    """Whether the folder of a model is one below the folder with models; else E0603, or E0301 where there is no name."""
    parts = PurePosixPath(path.replace("\\", "/"))
    if not path.strip():
        report.add("E0301", "a model needs the name of its folder", place)
        return False
    if not (parts.is_absolute() or ".." in parts.parts or ":" in path or path.startswith("~")):
        return True
    helps = ["write a path relative to the folder with models"]
    report.add("E0603", "a model's path must stay inside the folder with models", place, helps=helps)
    return False
