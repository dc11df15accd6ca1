"""Checks what some suites and tasks need, where the rest of the project is known to be without mistakes.

What is said is what a check of everything says: that is done as soon as there is anything to say, or a name is not found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medspec.cli.known_clean import remember, survey
from medspec.cli.specs import check_specs, chosen_paths
from medspec.config import Config

if TYPE_CHECKING:
    from medspec.check.check import Checked


def check_needed(config: Config, names: Sequence[str]) -> Checked:
    """The checked specs of the project, of which only those that suites and tasks `names` need may be there."""
    from medspec.check.check import check_paths

    if not names:
        return check_specs(config)
    chosen, root = chosen_paths(config)
    found = survey(chosen, root)
    suspects = set(found.suspects)
    needed = [path for path in found.keys if path in suspects or _may_declare(path, names)]
    if not needed or len(needed) == len(found.keys):
        checked = check_specs(config)
        if not checked.diagnostics:
            remember(found)
        return checked
    checked = check_paths(needed, root=root)
    if checked.diagnostics or not all(_is_there(name, checked) for name in names):
        # Helps name what other modules declare, so a mistake is told with all of them in view.
        return check_specs(config)
    remember(found)
    return checked


def _may_declare(path: Path, names: Sequence[str]) -> bool:
    """Whether the text of a spec has a suite or task of one of these names; every declaration is found, some are not one."""
    short = "|".join(re.escape(name.rpartition(".")[2]) for name in names)
    return re.search(rf"\b(?:suite|task)(?:\s|#[^\n]*\n)+(?:{short})\b", path.read_text("utf-8", "replace")) is not None


def _is_there(name: str, checked: Checked) -> bool:
    spec = checked.spec
    return any(name in (known, known.rpartition(".")[2]) for known in (*spec.suites, *spec.tasks))
