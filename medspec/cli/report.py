"""`medspec report`: the table of a finished run, once more. Nothing is computed, and no spec is looked at."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from medspec.cli.options import format_option
from medspec.cli.output import print_json
from medspec.cli.specs import shown_path
from medspec.config import find_config
from medspec.errors import StoreError, UsageError


@click.command()
@click.argument("run", required=False)
@click.option("--references", is_flag=True, help="Show all published figures, with the run in its place among them.")
@format_option()
def COMMAND(run: str | None, references: bool, format: str) -> None:
    """Show the table of a finished run once more.

    RUN is a run's folder, or its name in runs/; without it, the newest run that has ended. With `--format json` it is the run's
    report.json.
    """
    from medspec.cli.view_report import view_report
    from medspec.run.stored_report import read_report

    folder = _folder(run)
    if not (folder / "report.json").is_file():
        began = (folder / "run.json").is_file()
        why = (
            f"the run has not ended; `medspec resume {shown_path(folder)}` goes on with it"
            if began
            else "there is no run"
        )
        raise StoreError(f"{shown_path(folder)}: {why}")
    _, found = read_report(folder / "report.json")
    if format == "json":
        print_json(found)
        return
    try:
        view_report(found, sys.stdout, folder=shown_path(folder), all_references=references)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # What is computed with is checked above; the rest of the file is only shown.
        raise StoreError(
            f"{folder / 'report.json'} is no report of medspec, or was changed by hand: {type(error).__name__} at {error}"
        ) from error


def _folder(run: str | None) -> Path:
    from medspec.run.folder import find_run, run_folders

    runs = find_config(Path.cwd()).root / "runs"
    if run is not None:
        return find_run(run, runs)
    ended = [folder for folder in run_folders(runs) if (folder / "report.json").is_file()]
    if not ended:
        raise UsageError(f"no run in {runs} has ended; name the folder of the run that is meant")
    return ended[-1]
