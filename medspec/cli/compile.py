"""`medspec compile`: check specs and write the plan of every suite, as a file whose bytes depend on the specs alone."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medspec.cli.locking import against_lock, check_locked_data, locked_option
from medspec.cli.needed import check_needed
from medspec.cli.options import CHECK_FORMATS, format_option, level_options, quiet_option
from medspec.cli.output import counted, print_diagnostics, print_json, print_text
from medspec.cli.selecting import select_option, selected_names
from medspec.cli.specs import check_specs, everything, make_plan, shown_path, sort_arguments, unfit, write_diagnostics
from medspec.config import find_config

if TYPE_CHECKING:
    from medspec.plan.nodes import Plan
    from medspec.text.diagnostic import Diagnostic


@click.command()
@click.argument("things", nargs=-1, metavar="[PATHS|NAMES]")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write instead of target/.")
@click.option("--model", metavar="SCHEME:REST", help="Refuse plans that this model cannot run; it is not loaded.")
@select_option()
@locked_option()
@level_options()
@format_option(*CHECK_FORMATS)
@quiet_option()
def COMMAND(
    things: tuple[str, ...],
    out: Path | None,
    model: str | None,
    select: tuple[str, ...],
    locked: bool,
    level: int,
    without: tuple[str, ...],
    format: str,
    quiet: bool,
) -> int:
    """Check specs and write their plans to target/.

    PATHS are spec files or folders with them, NAMES are suites and tasks of the project. Without either, every suite of the
    project is compiled, and every task that is in no suite.
    """
    config = find_config(Path.cwd())
    asked = sort_arguments(things)
    # A selection and the lock speak of the whole project.
    checked = check_specs(config, asked.paths) if asked.paths or select or locked else check_needed(config, asked.names)
    plans: dict[str, Plan] = {}
    diagnostics = checked.diagnostics
    if not checked.has_errors:
        names = asked.names or everything(checked.spec)
        if select:
            names = selected_names(checked.spec, config, select, asked.names)
        plans = _by_file_name(
            {name: make_plan(checked.spec, [name], level=level, without=without) for name in dict.fromkeys(names)}
        )
        if model is not None:
            lacking = dict.fromkeys(one for plan in plans.values() for one in unfit(plan, checked.spec, model))
            diagnostics = (*diagnostics, *lacking)
        if locked:
            diagnostics = (*diagnostics, *against_lock(checked.spec, config, plans.values()))
    failed = any(diagnostic.is_error for diagnostic in diagnostics)
    if format in ("sarif", "github"):
        write_diagnostics(diagnostics, format)
    elif format == "text" and (failed or not quiet):
        print_diagnostics(diagnostics, sys.stderr)
    if locked and not failed:
        for plan in plans.values():
            check_locked_data(checked.spec, config, plan)
    folder = out if out is not None else config.root / "target"
    written = [] if failed else [_write(plan, folder / name) for name, plan in plans.items()]
    _show(written, diagnostics, format)
    if not plans and not failed and not quiet:
        print_text("there is nothing to compile: the specs declare no task", sys.stderr)
    return 1 if failed else 0


def _by_file_name(plans: dict[str, Plan]) -> dict[str, Plan]:
    """Plans by the name of their file: the suite's, or its whole name where two modules have a suite of one name."""
    taken = Counter(plan.suite for plan in plans.values())
    return {f"{plan.suite if taken[plan.suite] == 1 else name}.plan.json": plan for name, plan in plans.items()}


def _write(plan: Plan, path: Path) -> dict[str, Any]:
    """Write one plan; a file is whole or not there. Returns what there is to say about it."""
    from medspec.plan.form import to_json
    from medspec.plan.hash import plan_hash
    from medspec.run.whole_files import write_whole

    write_whole(path, to_json(plan).encode())
    tasks = {task.name: {"call_hash": task.call_hash, "score_hash": task.score_hash} for task in plan.tasks}
    return {"suite": plan.suite, "path": shown_path(path), "hash": plan_hash(plan), "tasks": tasks}


def _show(written: Sequence[dict[str, Any]], diagnostics: Sequence[Diagnostic], format: str) -> None:
    if format == "json":
        from medspec.text.export import as_json

        print_json({"plans": list(written), "diagnostics": [as_json(diagnostic) for diagnostic in diagnostics]})
    elif format == "text":
        for plan in written:
            print_text(f"{plan['suite']}: {counted(len(plan['tasks']), 'task')} -> {plan['path']}")
