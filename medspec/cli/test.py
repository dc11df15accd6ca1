"""`medspec test`: run the examples that stand in the specs. No model, no data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import format_option, quiet_option
from medspec.cli.output import counted, print_json, print_text
from medspec.cli.selecting import select_option, selected_names
from medspec.cli.specs import sort_arguments, sound_specs
from medspec.config import find_config

if TYPE_CHECKING:
    from medspec.run.examples import ExampleResult


@click.command()
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@select_option()
@format_option()
@quiet_option()
def COMMAND(things: tuple[str, ...], select: tuple[str, ...], format: str, quiet: bool) -> int:
    """Run the examples that stand in the specs; no model, no data.

    NAMES are tasks, suites or modules of the project, PATHS are spec files. Without either, every example of the project is
    run. Ends with 1 when one does not give what it says.
    """
    from medspec.run.examples import run_examples

    asked = sort_arguments(things)
    config = find_config(Path.cwd())
    spec = sound_specs(config, asked.paths, quiet=quiet)
    names = selected_names(spec, config, select, asked.names) if select else asked.names
    results = run_examples(spec, names)
    if format == "json":
        print_json([_as_json(result) for result in results])
    else:
        print_text(as_text(results))
        if not results and not quiet:
            print_text("the specs hold no examples", sys.stderr)
    return 0 if all(result.passed for result in results) else 1


def as_text(results: Sequence[ExampleResult]) -> str:
    """What failed, with its place, and how many there were. Empty when there is no example."""
    if not results:
        return ""
    blocks = [
        "\n".join([f"failed: {_place(result)}: {result.example.task.name}, {result.example.name}", *_indented(result)])
        for result in results
        if not result.passed
    ]
    failed = len(blocks)
    closing = f"{counted(len(results) - failed, 'example')} passed" + (f", {failed} failed" if failed else "")
    return "\n\n".join([*blocks, closing])


def _indented(result: ExampleResult) -> list[str]:
    return [f"  {problem}" for problem in result.problems]


def _place(result: ExampleResult) -> str:
    place = result.example.place
    return f"{place.source.path}:{place.line}"


def _as_json(result: ExampleResult) -> dict[str, object]:
    return {
        "task": result.example.task.qualified,
        "example": result.example.name,
        "path": result.example.place.source.path,
        "line": result.example.place.line,
        "passed": result.passed,
        "problems": list(result.problems),
    }
