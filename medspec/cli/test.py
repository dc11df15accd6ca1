"""`medspec test`: run the examples that stand in the specs, and try the laws on every task. No model, no data."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from medspec.cli.options import data_option, format_option, quiet_option
from medspec.cli.output import counted, print_json, print_text
from medspec.cli.selecting import select_option, selected_names
from medspec.cli.specs import sort_arguments, sound_specs
from medspec.config import find_config
from medspec.laws.shown import laws_as_text, shown

if TYPE_CHECKING:
    from medspec.check.spec import Spec
    from medspec.config import Config
    from medspec.laws.trial import Verdict
    from medspec.run.examples import ExampleResult

PROFILES = ("ci", "deep")


@click.command()
@click.argument("things", nargs=-1, metavar="[NAMES|PATHS]")
@select_option()
@click.option(
    "--profile", type=click.Choice(PROFILES), default="ci", show_default=True, help="How often each law is tried."
)
@click.option("--seed", type=int, help="What is tried; 0 with `ci`, another one every time with `deep`.")
@click.option("--examples", is_flag=True, help="Run the examples alone, without the laws.")
@data_option()
@format_option()
@quiet_option()
def COMMAND(
    things: tuple[str, ...],
    select: tuple[str, ...],
    profile: str,
    seed: int | None,
    examples: bool,
    data: tuple[Path, ...],
    format: str,
    quiet: bool,
) -> int:
    """Run the examples that stand in the specs, and try seven laws on every task; no model, no data.

    NAMES are tasks, suites or modules of the project, PATHS are spec files. Without either, all of the project is tested. Ends
    with 1 when an example does not give what it says, or a law is broken; the smallest row and reply that break it are shown.
    """
    from medspec.run.examples import named_tasks, run_examples

    asked = sort_arguments(things)
    config = find_config(Path.cwd())
    spec = sound_specs(config, asked.paths, quiet=quiet)
    names = tuple(selected_names(spec, config, select, asked.names)) if select else asked.names
    results = run_examples(spec, names)
    seed = _seed(profile, seed)
    tasks = [] if examples else [name for name in spec.tasks if not names or name in named_tasks(spec, names)]
    verdicts = _verdicts(spec, tasks, config, data, profile, seed)
    if format == "json":
        print_json([*map(_as_json, results), *(_law_as_json(one, seed) for one in verdicts)])
    else:
        blocks = [as_text(results), laws_as_text(verdicts, profile, seed)]
        print_text("\n\n".join(block for block in blocks if "\n" in block) or "")
        print_text("\n".join(block for block in blocks if block and "\n" not in block))
        if not results and not quiet:
            print_text("the specs hold no examples", sys.stderr)
    return 0 if all(one.passed for one in results) and not any(one.broken for one in verdicts) else 1


def _seed(profile: str, seed: int | None) -> int:
    if seed is not None:
        return seed
    from random import SystemRandom

    return 0 if profile == "ci" else SystemRandom().randrange(2**32)


def _verdicts(
    spec: Spec, tasks: Sequence[str], config: Config, data: tuple[Path, ...], profile: str, seed: int
) -> list[Verdict]:
    if not tasks:
        return []
    from medspec.laws.trial import PROFILES, try_laws
    from medspec.run.roots import DataRoots

    return try_laws(spec, tasks, tries=PROFILES[profile], seed=seed, roots=DataRoots.of(data, config.data))


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


def _law_as_json(one: Verdict, seed: int) -> dict[str, object]:
    return {
        "task": one.task,
        "law": one.law,
        "passed": one.broken is None,
        "skipped": one.skipped,
        "problems": [] if one.broken is None else [one.broken],
        "row": None if one.row is None else json.loads(shown(one.row)),
        "reply": one.reply if isinstance(one.reply, str | None) else [repr(number) for number in one.reply],
        "seed": seed,
    }


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
