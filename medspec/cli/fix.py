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
@click.option("--edition", is_flag=True, help="Rewrite files of older editions of the language for the newest.")
@quiet_option()
def COMMAND(paths: tuple[Path, ...], dry_run: bool, edition: bool, quiet: bool) -> int:
    """Mend what can be mended without asking: mistakes of writing, unused imports, missing imports of metrics.

    PATHS are spec files, or folders with spec files; without any, the project's specs are meant. Only edits that leave no
    doubt about what was meant are made, and each is reported. Ends with 1 when errors are left.

    With --edition no mistake is mended: a file of an older edition of the language becomes one of the newest, and means the
    same.
    """
    from medspec.check.fixes import fix
    from medspec.cli.rewriting import rewrite_source

    chosen, root = chosen_paths(find_config(Path.cwd()), paths)
    if edition:
        return _to_newest_edition(chosen, dry_run=dry_run, quiet=quiet)
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


def _to_newest_edition(paths: Sequence[Path], *, dry_run: bool, quiet: bool) -> int:
    from medspec.cli.output import print_diagnostics
    from medspec.cli.rewriting import rewrite_source
    from medspec.syntax.editions import EDITIONS
    from medspec.syntax.upgrade import upgrade
    from medspec.text.diagnostic import Report
    from medspec.text.spec_files import read_spec, spec_files

    report, count, done = Report(), 0, 0
    for file in sorted({file for path in paths for file in spec_files(path)}):
        source = read_spec(file, report)
        found = None if source is None else upgrade(source, report)
        count += found is not None
        if found is None or found.before == found.now:
            continue
        done += 1
        print_text(f"{file}: edition {found.before} is now {found.now}")
        if not dry_run:
            rewrite_source(file, found.text)
    if report.found:
        print_diagnostics(report.diagnostics, sys.stderr)
    if not quiet:
        newest = f"edition {EDITIONS[-1].year}, the newest that this version of medspec knows"
        verb = "would rewrite" if dry_run else "rewrote"
        said = f"{verb} {done} of {counted(count, 'file')} for {newest}"
        print_text(said if done else f"nothing to rewrite: {counted(count, 'file')} of {newest}", sys.stderr)
    return 1 if report.has_errors else 0


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
