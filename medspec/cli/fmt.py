"""`medspec fmt`: write specs in the one style. Files with syntax errors are left as they are."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import quiet_option
from medspec.cli.output import counted, print_diagnostics, print_for_programs, print_source, print_text
from medspec.cli.rewriting import rewrite
from medspec.cli.specs import chosen_paths
from medspec.config import find_config
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.text.diagnostic import Report

STANDARD_INPUT = Path("-")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change and end with 1.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change and end with 1.")
@quiet_option()
def COMMAND(paths: tuple[Path, ...], check: bool, diff: bool, quiet: bool) -> int:
    """Write specs in the one style.

    PATHS are spec files, or folders with spec files; without any, the project's specs are meant. `-` reads the standard
    input and writes to the standard output. What a spec says never changes, and no comment is lost. Files that cannot be
    read are left as they are, and the command ends with 1.
    """
    from medspec.text.diagnostic import Report

    report = Report()
    if STANDARD_INPUT in paths:
        if len(paths) > 1:
            raise UsageError("`-` is the standard input: give it alone")
        changed = _standard_input(report, check=check, diff=diff)
    else:
        changed = _files(paths, report, check=check, diff=diff, quiet=quiet)
    print_diagnostics(report.diagnostics, sys.stderr)
    return 1 if report.has_errors or (changed and (check or diff)) else 0


def _files(paths: tuple[Path, ...], report: Report, *, check: bool, diff: bool, quiet: bool) -> int:
    """Format files; gives how many changed, or would change."""
    from medspec.syntax.format import format_source
    from medspec.text.spec_files import decode_spec, read_bytes, spec_files

    chosen, _ = chosen_paths(find_config(Path.cwd()), paths)
    files = sorted({file for path in chosen for file in spec_files(path)})
    changed = refused = 0
    for file in files:
        data = read_bytes(file)
        source = decode_spec(data, str(file), report)
        text = None if source is None else format_source(source, report)
        if source is None or text is None:
            refused += 1
        elif text.encode() != data:
            changed += 1
            if diff:
                print_source(_difference(source.text, text, str(file)))
            elif check:
                print_text(str(file))
            else:
                rewrite(file, text)
    if not quiet:
        print_text(_summary(changed, len(files) - changed - refused, refused, kept=check or diff), sys.stderr)
    return changed


def _summary(changed: int, unchanged: int, refused: int, *, kept: bool) -> str:
    """`formatted 2 files, 5 were in order, 1 cannot be read`."""
    parts = [f"{'would format' if kept else 'formatted'} {counted(changed, 'file')}"] if changed else []
    if unchanged:
        parts.append(f"{counted(unchanged, 'file')} {'was' if unchanged == 1 else 'were'} in order")
    if refused:
        parts.append(f"{counted(refused, 'file')} with errors left as {'it is' if refused == 1 else 'they are'}")
    return ", ".join(parts)


def _standard_input(report: Report, *, check: bool, diff: bool) -> int:
    from medspec.syntax.format import format_source
    from medspec.text.spec_files import decode_spec

    data = sys.stdin.buffer.read()
    source = decode_spec(data, "<stdin>", report)
    text = None if source is None else format_source(source, report)
    if source is None or text is None:
        return 0
    if diff:
        print_source(_difference(source.text, text, "<stdin>"))
    elif not check:
        print_for_programs(text)
    return int(text.encode() != data)


def _difference(before: str, after: str, name: str) -> str:
    """A unified diff; says so where only line breaks or a byte order mark change."""
    old, new = (text.removesuffix("\n").split("\n") for text in (before, after))
    lines = difflib.unified_diff(old, new, f"{name} as it is", f"{name} formatted", lineterm="")
    return "\n".join(lines) or f"{name}: line breaks or the byte order mark change, and nothing else"
