"""`medspec run`: run suites or tasks with a model, score the replies, show the result.

The table is the result; the run's folder holds the same numbers and every row behind them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.fetch import download, wanted_by
from medspec.cli.judging import check_floors
from medspec.cli.locking import against_lock, check_locked_data, locked_option
from medspec.cli.options import data_option, format_option, level_options, quiet_option
from medspec.cli.output import print_diagnostics
from medspec.cli.running import carry_out, require_agreed_model, show_report
from medspec.cli.selecting import select_option, selected_names, selected_plan
from medspec.cli.speaking import dialect_named, dialect_option
from medspec.cli.specs import make_plan, sort_arguments, sound_specs, unfit
from medspec.config import Config, find_config
from medspec.errors import CompileFailed, UsageError

if TYPE_CHECKING:
    from medspec.check.spec import Spec
    from medspec.cli.specs import Asked
    from medspec.plan.nodes import Plan


def _devices(_context: click.Context, _parameter: click.Parameter, asked: str) -> str:
    from medspec.backends.devices import read_devices

    read_devices(asked)
    return asked


@click.command()
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@click.option(
    "--model",
    metavar="SCHEME:REST",
    help="onnx:DIR, genai:DIR, builtin:NAME, openai:NAME@URL, replay:FILE, hash, mock.",
)
@data_option()
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="ROWS", help="At most so many rows of each task, the first ones."
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of this run; given again, it goes on."
)
@click.option("--dtype", metavar="NAME", help="Which export of the model: fp32, fp16, q4, ...")
@click.option(
    "--device",
    callback=_devices,
    default="auto",
    metavar="DEVICE[,...]",
    show_default=True,
    help="Where to run: auto, cpu, cuda, cuda:1, or several of one kind.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Threads of the model on the CPU, else 1.")
@click.option("--batch", type=click.IntRange(min=1), help="Rows at a time, else as many as suit the model.")
@click.option(
    "--chat", type=click.Choice(["auto", "on", "off"]), default="auto", show_default=True, help="The chat template."
)
@click.option("--fetch", is_flag=True, help="Download data that are not here, as `medspec fetch` does.")
@click.option("--keep-going", is_flag=True, help="Set rows aside that cannot be used, and count them.")
@click.option("--fresh", is_flag=True, help="Ask anew, also what another run was answered already.")
@click.option("--exact", is_flag=True, help="Row by row, with nothing shared that may move a score by rounding.")
@click.option(
    "--judge",
    multiple=True,
    metavar="NAME=MODEL",
    help="Another model for a judge, or for all judges with a model: clinical=replay:FILE.",
)
@click.option("--constrain", is_flag=True, help="Let the model write nothing but what the answer's reader can read.")
@click.option("--seed", type=int, default=0, show_default=True, help="For models that draw.")
@dialect_option()
@select_option()
@locked_option()
@level_options()
@format_option()
@quiet_option()
def COMMAND(
    things: tuple[str, ...],
    model: str | None,
    data: tuple[Path, ...],
    limit: int | None,
    out: Path | None,
    dialect: str | None,
    select: tuple[str, ...],
    locked: bool,
    fetch: bool,
    fresh: bool,
    keep_going: bool,
    level: int,
    without: tuple[str, ...],
    format: str,
    quiet: bool,
    judge: tuple[str, ...],
    **options: object,
) -> None:
    """Run suites or tasks with a model and score the replies.

    NAMES are suites and tasks of the project, PATHS are spec files of which everything is run. Without either, the default
    suite of medspec.toml is run, with its default model.
    """
    from medspec.backends.base import Options
    from medspec.run.roots import DataRoots

    config = find_config(Path.cwd())
    asked = sort_arguments(things)
    spec = sound_specs(config, asked.paths, quiet=quiet)
    plan = _plan(spec, config, asked, select, level=level, without=without, dialect=dialect)
    name = _model(model, config)
    if lacking := unfit(plan, spec, name):
        raise CompileFailed(lacking)
    _prepare(spec, config, plan, data, fetch=fetch, locked=locked, quiet=quiet)
    report, folder = carry_out(
        plan,
        name,
        Options(**options),  # type: ignore[arg-type]
        out=out,
        runs=config.root / "runs",
        roots=DataRoots.of(data, config.data),
        limit=limit,
        fresh=fresh,
        keep_going=keep_going,
        quiet=quiet,
        judge=judge,
    )
    show_report(report, folder, format)
    check_floors(report)


def _prepare(
    spec: Spec, config: Config, plan: Plan, data: tuple[Path, ...], *, fetch: bool, locked: bool, quiet: bool
) -> None:
    """What comes before the model: data that are not here, and what medspec.lock says."""
    if fetch:
        download(wanted_by(plan, config), quiet=quiet)
    if locked:
        _check_lock(spec, config, plan, data)


def _check_lock(spec: Spec, config: Config, plan: Plan, data: tuple[Path, ...]) -> None:
    """Raise where tasks or data are not what medspec.lock says; a lock that is old is said on the standard error."""
    against = against_lock(spec, config, [plan])
    if any(diagnostic.is_error for diagnostic in against):
        raise CompileFailed(against)
    print_diagnostics(against, sys.stderr)
    check_locked_data(spec, config, plan, data)
    if plan.dialect is not None:
        told = f"note: medspec.lock holds tasks without dialect; what `{plan.dialect.name}` changes is not checked"
        click.echo(told, err=True)


def _plan(
    spec: Spec,
    config: Config,
    asked: Asked,
    select: tuple[str, ...],
    *,
    level: int,
    without: tuple[str, ...],
    dialect: str | None,
) -> Plan:
    """The plan of what was selected, else of what was named."""
    chosen = selected_names(spec, config, select, asked.names) if select else None
    names = chosen or _names(spec, asked.names, asked.paths, config)
    spoken = dialect_named(spec, dialect or config.dialect)
    return (selected_plan if chosen else make_plan)(spec, names, level=level, without=without, dialect=spoken)


def _names(spec: Spec, names: tuple[str, ...], paths: tuple[Path, ...], config: Config) -> list[str]:
    """What to run: what was named, else everything in the named files, else the default suite, else the only suite."""
    from medspec.cli.specs import everything

    if names:
        return list(names)
    if not paths and config.suite is not None:
        return [config.suite]
    found = everything(spec)
    if not found:
        raise UsageError("there is nothing to run: the specs declare no task")
    if not paths and len(found) > 1:
        raise UsageError(
            f"say what to run: {', '.join(found)}; or say it once and for all with `suite` in medspec.toml"
        )
    return found


def _model(model: str | None, config: Config) -> str:
    chosen = model if model is not None else config.model
    if chosen is None:
        raise UsageError(
            "say which model to run, such as --model onnx:DIR, or --model builtin:quickstart to try things out; "
            "or say it once and for all with `model` in medspec.toml"
        )
    if model is None:
        require_agreed_model(chosen, "the model of medspec.toml", f"--model {chosen}")
    return chosen
