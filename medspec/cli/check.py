"""`medspec check`: find mistakes in specs. The diagnostics are the result, so they go to the standard output."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from medspec.cli.known_clean import remember, survey
from medspec.cli.locking import against_lock, locked_option
from medspec.cli.options import CHECK_FORMATS, format_option, quiet_option
from medspec.cli.output import counted, print_text
from medspec.cli.specs import chosen_paths, write_diagnostics
from medspec.config import find_config


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@locked_option()
@format_option(*CHECK_FORMATS)
@quiet_option()
def COMMAND(paths: tuple[Path, ...], locked: bool, format: str, quiet: bool) -> int:
    """Find mistakes in specs.

    PATHS are spec files, or folders with spec files. Without any, the project's specs are checked.
    """
    config = find_config(Path.cwd())
    chosen, root = chosen_paths(config, paths)
    found = survey(chosen, root)
    if found.keys and not found.suspects and not locked:
        return _say_clean(len(found.keys), format, quiet=quiet)
    # Here and not above: where everything is known, the checker is not even loaded.
    from medspec.check.check import check_paths

    checked = check_paths(chosen if locked else found.suspects or chosen, root=root)
    diagnostics = checked.diagnostics
    if locked and not checked.has_errors:
        diagnostics = (*diagnostics, *against_lock(checked.spec, config))
    if not diagnostics:
        remember(found)
        return _say_clean(len(found.keys), format, quiet=quiet)
    write_diagnostics(diagnostics, format)
    return 1 if any(diagnostic.is_error for diagnostic in diagnostics) else 0


def _say_clean(modules: int, format: str, *, quiet: bool) -> int:
    """Nothing to complain of; programs that read SARIF still get their document."""
    if format == "sarif":
        write_diagnostics((), format)
    elif format == "text" and not quiet:
        print_text(f"no mistakes in {counted(modules, 'module')}", sys.stderr)
    return 0
