"""`medspec lock`: write down what every task means under its version, and which data it was given for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medspec.cli.locking import lock_file, task_named
from medspec.cli.options import data_option, format_option, quiet_option
from medspec.cli.output import counted, print_json, print_text
from medspec.cli.specs import shown_path, sound_specs
from medspec.config import find_config
from medspec.errors import CompileFailed, DataError

if TYPE_CHECKING:
    from medspec.plan.diff import Difference
    from medspec.plan.state import State


@click.command()
@data_option()
@click.option(
    "--accept", multiple=True, metavar="NAME", help="Rewrite the entry of this task alone, whatever its version."
)
@click.option("--check", is_flag=True, help="Write nothing; end with 1 where the lock would change.")
@format_option()
@quiet_option()
def COMMAND(data: tuple[Path, ...], accept: tuple[str, ...], check: bool, format: str, quiet: bool) -> int:
    """Write medspec.lock: what every task means under its version.

    New tasks, and tasks with a new version, are taken over. A task that changed its meaning and kept its version is refused
    (E0601) until its version rises, or until it is accepted by name. Files that are found in the data folders are locked
    with their sha256; what the lock knows of other files stays.
    """
    from medspec.plan.diff import diff
    from medspec.plan.lock import read_lock, to_text
    from medspec.plan.locked import merged
    from medspec.run.lock_data import locked_state
    from medspec.run.roots import DataRoots
    from medspec.run.whole_files import write_whole

    config = find_config(Path.cwd())
    spec = sound_specs(config, quiet=quiet)
    path = lock_file(config)
    before = read_lock(path)
    names = frozenset(task_named(spec, name) for name in accept)
    state, missing = locked_state(spec, DataRoots.of(data, config.data), before)
    if before is not None and not names:
        _refuse_changes(spec, before, state)
    after = merged(before, state, accept=names)
    text = to_text(after)
    old_text = path.read_text("utf-8") if before is not None else ""
    if text != old_text and not check:
        write_whole(path, text.encode())
    found = [one for one in diff(before, after) if one.mark != "="] if before is not None else []
    _show(found, after, missing, path, format=format, quiet=quiet, is_new=before is None, check=check)
    return 1 if check and text != old_text else 0


def _refuse_changes(spec: Any, before: State, after: State) -> None:
    """Raise where a task means something else, or reads something else, under the version it had."""
    from medspec.plan.locked import check_locked
    from medspec.run.lock_data import changed_data

    changed = [one for one in check_locked(spec, before).diagnostics if one.is_error]
    if changed:
        raise CompileFailed(changed)
    problems = [
        f"`{path}` of `{name}`: sha256 {old} in medspec.lock, now {new}"
        for name, path, old, new in changed_data(before, after)
    ]
    if problems:
        raise DataError(
            "data changed since medspec.lock was written; give the tasks a new version, "
            "or `medspec lock --accept NAME` if no score was published:",
            problems=problems,
        )


def _show(
    found: list[Difference],
    after: State,
    missing: tuple[str, ...],
    path: Path,
    *,
    format: str,
    quiet: bool,
    is_new: bool,
    check: bool,
) -> None:
    from medspec.plan.diff import as_json
    from medspec.plan.diff_text import diff_text

    if format == "json":
        print_json({"path": shown_path(path), "new": is_new, "missing": list(missing), **as_json(found)})
        return
    if found:
        print_text(diff_text(found, verdicts=False))
    verb = "would hold" if check else "holds"
    print_text(f"{shown_path(path)} {verb} {counted(len(after.tasks), 'task')}, {counted(len(after.suites), 'suite')}")
    if missing and not quiet:
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        print_text(f"not found, so locked without their data: {shown}; say where they are with --data DIR", sys.stderr)
