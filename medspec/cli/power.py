"""`medspec power`: the smallest differences that the rows of a run can show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import format_option
from medspec.cli.output import columns_of, print_json, print_text

if TYPE_CHECKING:
    from medspec.run.power import Power


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--power",
    type=click.FloatRange(0.5, 0.999),
    default=0.8,
    show_default=True,
    help="How often a difference is to be found that is there.",
)
@format_option()
def COMMAND(run: Path, power: float, format: str) -> None:
    """Show the smallest differences that the rows of a run can show.

    RUN is the folder of a finished run. The differences are those of a two-sided test at the level of the suite's interval.
    """
    from medspec.run.power import power_of
    from medspec.run.stored import load_run

    found = power_of(load_run(run), power=power)
    if format == "json":
        print_json([_entry(one) for one in found])
    else:
        print_text(as_text(found, power))


def _entry(one: Power) -> dict[str, object]:
    return {
        "task": one.task,
        "metric": one.metric,
        "rows": one.rows,
        "value": one.value,
        "standard_error": one.error,
        "against_a_figure": one.figure,
        "against_a_model": [{"correlation": r, "difference": value} for r, value in one.models.items()],
    }


def as_text(found: list[Power], power: float) -> str:
    """A line for each task, and what the columns mean."""
    from medspec.run.power import CORRELATIONS

    head = ("", "Rows", "Score", "Figure", *(f"Model, r = {r:g}" for r in CORRELATIONS))
    rows = [
        (
            one.task,
            f"{one.rows:,}",
            f"{one.metric} {'none' if one.value is None else f'{one.value:.3f}'}",
            "" if one.figure is None else f"{one.figure:.3f}",
            *(f"{one.models[r]:.3f}" if r in one.models else "" for r in CORRELATIONS),
        )
        for one in found
    ]
    lines = columns_of([head, *rows], right=(1, 3, 4, 5, 6))
    return "\n".join(
        [
            *lines,
            "",
            f"The smallest true differences that would be found {power:.0%} of the time: from a published figure, and from another",
            "model on the same rows, whose values go together with these by r. `medspec compare` knows the r of two runs.",
        ]
    )
