"""Making the safe edits that diagnostics carry, until there are none left. Nothing is written to the disk here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from medspec.check.check import check_paths
from medspec.text.diagnostic import Diagnostic, Report
from medspec.text.edits import apply, choose
from medspec.text.spec_files import read_spec, spec_files

MOST_ROUNDS = 50
"""An edit may bring the next mistake of a declaration to light; more rounds than this mean that two edits undo each other."""


@attrs.frozen
class Fixes:
    """`texts`: what the changed files say now. `made`: the diagnostics whose edits were made, `left` those that remain.

    `disputed` are files that were left alone, since two diagnostics want different things of one place in them.
    """

    texts: dict[Path, str]
    made: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]
    disputed: tuple[str, ...]


def fix(paths: Sequence[Path], *, root: Path) -> Fixes:
    """Fix files, or all specs under folders; modules they import are looked at and left alone. Raises as `check_paths`."""
    files = {str(file): file for path in paths for file in spec_files(path)}
    before = {name: _text(file) for name, file in files.items()}
    now = {name: text for name, text in before.items() if text is not None}
    made: list[Diagnostic] = []
    disputed: frozenset[str] = frozenset()
    for _ in range(MOST_ROUNDS):
        checked = check_paths(paths, root=root, texts={files[name]: text for name, text in now.items()})
        choice = choose(checked.diagnostics, frozenset(now) - disputed)
        disputed |= choice.disputed
        if not choice.chosen:
            break
        made += choice.chosen
        now |= apply(choice.chosen, now)
    changed = {files[name]: text for name, text in now.items() if text != before[name]}
    return Fixes(changed, tuple(made), checked.diagnostics, tuple(sorted(disputed)))


def _text(file: Path) -> str | None:
    """The text of a spec; None for one that is no text, which `check_paths` reports."""
    source = read_spec(file, Report())
    return None if source is None else source.text
