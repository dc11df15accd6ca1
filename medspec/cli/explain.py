"""`medspec explain`: the page of a code, or the plan of a suite or task in words, in several forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import data_option, format_option, level_options
from medspec.cli.output import print_json, print_text
from medspec.cli.selecting import select_option, selected_names, selected_plan
from medspec.cli.speaking import dialect_named, dialect_option
from medspec.config import find_config
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.cli.explaining import Asked


@click.command()
@click.argument("thing", required=False)
@click.option("--passes", is_flag=True, help="What each pass of the optimiser changed.")
@click.option("--against", metavar="RUN|PLAN", help="What is to be done again since an earlier run or plan, and why.")
@click.option("--estimate", is_flag=True, help="Calls, tokens, memory and time of a run; reads the data.")
@click.option("--measured", metavar="RUN", help="What a run took, beside the estimate.")
@click.option("--row", metavar="ID", help="One row of a task, from its line in the file to its scores.")
@click.option("--run", metavar="RUN", help="With --row: the run whose reply and scores are shown.")
@click.option("--model", metavar="SCHEME:REST", help="With --estimate: whose tokens are counted; it is not loaded.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="ROWS", help="With --estimate: of each task, the first ones."
)
@data_option()
@dialect_option()
@select_option()
@level_options()
@format_option()
def COMMAND(
    thing: str | None,
    passes: bool,
    against: str | None,
    estimate: bool,
    measured: str | None,
    row: str | None,
    run: str | None,
    model: str | None,
    limit: int | None,
    data: tuple[Path, ...],
    dialect: str | None,
    select: tuple[str, ...],
    level: int,
    without: tuple[str, ...],
    format: str,
) -> None:
    """Explain a code such as E0304, or the plan of a suite or task.

    THING is a code, or the name of a suite or of a task in the project's specs.
    """
    if sum((passes, against is not None, estimate, measured is not None, row is not None)) > 1:
        raise UsageError("ask for one of --passes, --against, --estimate, --measured and --row at a time")
    if run is not None and row is None:
        raise UsageError("--run says which run the row of --row is looked up in; for a whole run there is --measured")
    if measured is not None:
        if thing is not None or select:
            raise UsageError("--measured shows a whole run: name no suite or task with it")
        from medspec.cli.explaining import show_measured

        show_measured(measured, data, format)
        return
    if thing is None and not select:
        raise UsageError("say what to explain: a code such as E0304, a suite or a task, or --select")
    if thing is not None and re.fullmatch(r"[EWew]\d{4}", thing) and not select:
        _explain_code(thing, format)
        return
    from medspec.cli.explaining import Asked

    asked = _asked(Asked, thing, dialect, select, level, without, format)
    if passes:
        asked.show_passes()
    elif against is not None:
        asked.show_against(against)
    elif estimate:
        asked.show_estimate(model, data, limit)
    elif row is not None:
        asked.show_row(row, run, data)
    else:
        asked.show_plan()


def _asked(
    made: type[Asked],
    thing: str | None,
    dialect: str | None,
    select: tuple[str, ...],
    level: int,
    without: tuple[str, ...],
    format: str,
) -> Asked:
    from medspec.cli.specs import sound_specs

    config = find_config(Path.cwd())
    spec = sound_specs(config)
    given = () if thing is None else (thing,)
    names = selected_names(spec, config, select, given) if select else list(given)
    spoken = dialect_named(spec, dialect)
    return made(
        config=config,
        before=selected_plan(spec, names, level=0, without=(), dialect=spoken),
        plan=selected_plan(spec, names, level=level, without=without, dialect=spoken),
        level=level,
        without=without,
        format=format,
    )


def _explain_code(code: str, format: str) -> None:
    from medspec.codes import CODES, find_code
    from medspec.codes.explain import explain_code
    from medspec.text.suggest import nearest

    found = find_code(code)
    if found is None:
        guess = nearest(code.upper(), [member.code for member in CODES])
        advice = f"did you mean {guess}?" if guess else "it stands in brackets at the head of a message, such as E0304"
        raise UsageError(f"there is no code {code.upper()}; {advice}")
    if format == "json":
        import attrs

        print_json(attrs.asdict(found))
    else:
        print_text(explain_code(found))
