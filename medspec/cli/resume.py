"""`medspec resume`: a run that was stopped goes on where it was, with the model, the data and the limit it began with.

Replies that are kept are not asked for again, and the report is the one the run would have had.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from medspec.cli.judging import check_floors
from medspec.cli.options import data_option, format_option, quiet_option
from medspec.cli.output import print_text
from medspec.cli.running import carry_out, require_agreed_model, show_report
from medspec.cli.specs import shown_path
from medspec.config import find_config
from medspec.errors import StoreError


@click.command()
@click.argument("run", required=False)
@data_option()
@format_option()
@quiet_option()
def COMMAND(run: str | None, data: tuple[Path, ...], format: str, quiet: bool) -> None:
    """Go on with a run that was stopped, by Ctrl-C, a full disk or a power cut.

    RUN is a run's folder, or its name in runs/; without it, the newest run that has not ended.
    """
    from medspec.backends.base import Options
    from medspec.run.folder import RunRecord, find_run, plan_of

    runs = find_config(Path.cwd()).root / "runs"
    folder = find_run(run, runs).absolute()
    record = RunRecord.read(folder)
    for model in (record.model, *record.judges.get("instead", {}).values()):
        require_agreed_model(model, f"the model of {folder}", f"medspec run NAMES --out {folder} --model {model}")
    plan, given = plan_of(folder), tuple(root.absolute() for root in data)
    if not quiet:
        print_text(f"going on with {shown_path(folder)}", sys.stderr)
    # The names of models and the folders of specs are as they were seen from there.
    with _working_in(record.folder):
        report, _ = carry_out(
            plan,
            record.model,
            Options(**record.options),
            out=folder,
            runs=runs,
            roots=record.roots(given),
            limit=record.limit,
            fresh=record.fresh,
            keep_going=record.keep_going,
            quiet=quiet,
            digest=record.digest,
            judge=tuple(f"{name}={model}" for name, model in record.judges.get("instead", {}).items()),
        )
    show_report(report, folder, format)
    check_floors(report)


def _working_in(folder: str) -> contextlib.AbstractContextManager[None]:
    if not Path(folder).is_dir():
        raise StoreError(f"the run was begun in {folder}, which is not there; go on where it is")
    return contextlib.chdir(folder)
