"""`medspec compile`: check specs and write the plan of every suite, as a file whose bytes depend on the specs alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medspec.cli.options import CHECK_FORMATS, format_option, level_options, quiet_option
from medspec.cli.output import counted, print_diagnostics, print_json, print_text
from medspec.cli.specs import check_specs, everything, make_plan, shown_path, sort_arguments, write_diagnostics
from medspec.config import find_config

if TYPE_CHECKING:
    from medspec.plan.nodes import Plan
    from medspec.text.diagnostic import Diagnostic


@click.command()
@click.argument("things", nargs=-1, metavar="[PATHS|NAMES]")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where to write instead of target/.")
@level_options()
@format_option(*CHECK_FORMATS)
@quiet_option()
def COMMAND(
    things: tuple[str, ...], out: Path | None, level: int, without: tuple[str, ...], format: str, quiet: bool
) -> int:
    """Check specs and write their plans to target/.

    PATHS are spec files or folders with them, NAMES are suites and tasks of the project. Without either, every suite of the
    project is compiled, and every task that is in no suite.
    """
    config = find_config(Path.cwd())
    asked = sort_arguments(things)
    checked = check_specs(config, asked.paths)
    if format in ("sarif", "github"):
        write_diagnostics(checked.diagnostics, format)
    elif format == "text" and (checked.has_errors or not quiet):
        print_diagnostics(checked.diagnostics, sys.stderr)
    plans = []
    if not checked.has_errors:
        folder = out if out is not None else config.root / "target"
        names = asked.names or everything(checked.spec)
        plans = [_write(make_plan(checked.spec, [name], level=level, without=without), folder) for name in names]
    if format == "json":
        _print_json(plans, checked.diagnostics)
    elif format == "text":
        for plan in plans:
            print_text(f"{plan['suite']}: {counted(len(plan['tasks']), 'task')} -> {plan['path']}")
        if not plans and not checked.has_errors:
            print_text("there is nothing to compile: the specs declare no task", sys.stderr)
    return 1 if checked.has_errors else 0


def _write(plan: Plan, folder: Path) -> dict[str, Any]:
    """Write one plan; a file is whole or not there. Returns what there is to say about it."""
    from medspec.plan.form import to_json
    from medspec.plan.hash import plan_hash
    from medspec.run.whole_files import write_whole

    path = folder / f"{plan.suite}.plan.json"
    write_whole(path, to_json(plan).encode())
    tasks = {task.name: {"call_hash": task.call_hash, "score_hash": task.score_hash} for task in plan.tasks}
    return {"suite": plan.suite, "path": shown_path(path), "hash": plan_hash(plan), "tasks": tasks}


def _print_json(plans: Sequence[dict[str, Any]], diagnostics: Sequence[Diagnostic]) -> None:
    from medspec.text.export import as_json

    print_json({"plans": plans, "diagnostics": [as_json(diagnostic) for diagnostic in diagnostics]})
