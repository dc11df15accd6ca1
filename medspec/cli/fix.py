"""`medspec fix`: make the safe edits that the diagnostics of `medspec check` carry."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import quiet_option
from medspec.cli.output import counted, print_text
from medspec.cli.specs import chosen_paths
from medspec.config import find_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medspec.check.fixes import Fixes
    from medspec.text.diagnostic import Edit


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be done.")
@quiet_option()
def COMMAND(paths: tuple[Path, ...], dry_run: bool, quiet: bool) -> int:
    """Mend what can be mended without asking: mistakes of writing, unused imports, missing imports of metrics.

    PATHS are spec files, or folders with spec files; without any, the project's specs are meant. Only edits that leave no
    doubt about what was meant are made, and each is reported. Ends with 1 when errors are left.
    """
    from medspec.check.fixes import fix
    from medspec.cli.rewriting import rewrite_source

    chosen, root = chosen_paths(find_config(Path.cwd()), paths)
    fixes = fix(chosen, root=root)
    if not dry_run:
        for file, text in sorted(fixes.texts.items()):
            rewrite_source(file, text)
    for diagnostic in fixes.made:
        place = diagnostic.place
        print_text(f"{place.source.path}:{place.line}: {diagnostic.code} {diagnostic.title}: {_done(diagnostic.edits)}")
    for path in fixes.disputed:
        print_text(f"{path}: left as it is: two mistakes ask for different edits of one place", sys.stderr)
    if not quiet:
        print_text(_summary(fixes, dry_run=dry_run), sys.stderr)
    return 1 if any(diagnostic.is_error for diagnostic in fixes.left) else 0


def _done(edits: Sequence[Edit]) -> str:
    """What edits do, in words: ``put `via` for `with` ``."""
    words = []
    for edit in edits:
        old, new = edit.place.text.strip(), edit.text.strip()
        words.append(f"put `{new}` for `{old}`" if old and new else f"put in `{new}`" if new else f"took out `{old}`")
    return ", ".join(words)


def _summary(fixes: Fixes, *, dry_run: bool) -> str:
    """`fixed 2 problems in 1 file; 3 errors and 1 warning are left, see medspec check`."""
    errors = sum(diagnostic.is_error for diagnostic in fixes.left)
    warnings = len(fixes.left) - errors
    parts = [counted(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count]
    left = (
        f"; {' and '.join(parts)} {'is' if errors + warnings == 1 else 'are'} left, see medspec check" if parts else ""
    )
    if not fixes.made:
        return f"nothing to fix{left}"
    verb = "would fix" if dry_run else "fixed"
    return f"{verb} {counted(len(fixes.made), 'problem')} in {counted(len(fixes.texts), 'file')}{left}"
