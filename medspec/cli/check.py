"""`medspec check`: find mistakes in specs. The diagnostics are the result, so they go to the standard output."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from medspec.cli.options import CHECK_FORMATS, format_option, quiet_option
from medspec.cli.output import counted, print_text
from medspec.cli.specs import check_specs, write_diagnostics
from medspec.config import find_config


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@format_option(*CHECK_FORMATS)
@quiet_option()
def COMMAND(paths: tuple[Path, ...], format: str, quiet: bool) -> int:
    """Find mistakes in specs.

    PATHS are spec files, or folders with spec files. Without any, the project's specs are checked.
    """
    checked = check_specs(find_config(Path.cwd()), paths)
    write_diagnostics(checked.diagnostics, format)
    if not checked.diagnostics and not quiet and format == "text":
        print_text(f"no mistakes in {counted(len(checked.spec.modules), 'module')}", sys.stderr)
    return 1 if checked.has_errors else 0
