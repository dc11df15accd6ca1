"""`medspec mock`: run suites or tasks on rows and replies that are invented from their types."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from medspec.cli.options import data_option, format_option, level_options, quiet_option
from medspec.cli.output import print_json
from medspec.cli.speaking import dialect_named, dialect_option
from medspec.cli.specs import everything, make_plan, sort_arguments, sound_specs
from medspec.config import find_config


@click.command()
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@click.option("--rows", type=click.IntRange(min=1), default=20, show_default=True, help="Invented rows of each split.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed invents other rows and replies.")
@dialect_option()
@data_option()
@level_options()
@format_option()
@quiet_option()
def COMMAND(
    things: tuple[str, ...],
    rows: int,
    seed: int,
    dialect: str | None,
    data: tuple[Path, ...],
    level: int,
    without: tuple[str, ...],
    format: str,
    quiet: bool,
) -> None:
    """Run suites or tasks on invented rows and replies: no data, no model, nothing kept.

    Shows that every prompt can be written, every reply read and every metric computed. The numbers mean nothing.
    """
    from medspec.run.execute import execute
    from medspec.run.invent import InventedJudges, InventedModel, invent
    from medspec.run.invent_vectors import invented_encoders
    from medspec.run.roots import DataRoots

    config = find_config(Path.cwd())
    asked = sort_arguments(things)
    spec = sound_specs(config, asked.paths, quiet=quiet)
    spoken = dialect_named(spec, dialect)
    plan = make_plan(spec, asked.names or everything(spec), level=level, without=without, dialect=spoken)
    roots = DataRoots.of(data, config.data)
    bound = invent(plan, roots, rows=rows, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        model, judges = InventedModel(bound, seed=seed), InventedJudges(seed=seed)
        report = execute(
            plan,
            model,
            model="invented",
            out=Path(folder),
            roots=roots,
            bound=bound,
            judges=judges,
            encoders=invented_encoders(plan),
        )
    if format == "json":
        print_json(report)
    else:
        from medspec.cli.view_report import view_report

        view_report(report, sys.stdout)
