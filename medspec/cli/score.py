"""`medspec score`: the replies of a run are read and scored again, by the specs as they are now. No model is loaded.

The run stays as it is: the new numbers get a folder of their own, with the replies in it, and can be compared with the old.
"""

from __future__ import annotations

from pathlib import Path

import click

from medspec.cli.judging import check_floors
from medspec.cli.options import data_option, format_option, quiet_option
from medspec.cli.running import show_report
from medspec.cli.speaking import as_declared
from medspec.cli.specs import make_plan, sort_arguments, sound_specs
from medspec.config import find_config
from medspec.errors import UsageError


@click.command()
@click.argument("run")
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@data_option()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the new result; else a new one in runs/."
)
@format_option()
@quiet_option()
def COMMAND(
    run: str, things: tuple[str, ...], data: tuple[Path, ...], out: Path | None, format: str, quiet: bool
) -> None:
    """Score the replies of a run again, after a reader, a metric or the gold changed.

    RUN is a run's folder, or its name in runs/. NAMES and PATHS are for runs of specs that are not those of the project; without
    them, what was run is scored. A task that asks the model something else now is refused, with what changed.
    """
    from medspec.cli.progress import progress
    from medspec.run.execute import execute
    from medspec.run.folder import RunRecord, find_run, plan_of, run_folder
    from medspec.run.judging.models import RecordedJudges
    from medspec.run.judging.people import take_answers
    from medspec.run.rescore import recorded, refuse_other_questions

    config = find_config(Path.cwd())
    folder = find_run(run, config.root / "runs")
    record, before = RunRecord.read(folder), plan_of(folder)
    asked = sort_arguments(things)
    names = asked.names or tuple(before.suite.split("+"))
    spec = sound_specs(config, asked.paths, quiet=quiet)
    dialect = as_declared(spec, before.dialect)
    plan = make_plan(spec, names, level=1, without=(), dialect=dialect)
    refuse_other_questions(folder, before, plan)
    if out is not None and out.resolve() == folder.resolve():
        raise UsageError(f"{folder} keeps what was scored then; name another folder with --out")
    model, replies = recorded(folder, plan, before)
    roots = record.roots((*data, *config.data))
    watch = progress(quiet=quiet)
    try:
        with run_folder(out, config.root / "runs", plan.suite) as target:
            take_answers(folder, target)
            report = execute(
                plan,
                model,
                model=record.model,
                out=target,
                roots=roots,
                limit=record.limit,
                watch=watch,
                others=replies,
                judges=RecordedJudges(folder, record, model.private),
                keep_going=record.keep_going,
            )
    finally:
        watch.finish()
    show_report(report, target, format)
    check_floors(report)
