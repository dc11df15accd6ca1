"""`medspec explain`: the page of a code, or the plan of a suite or task in words."""

from __future__ import annotations

import re
from pathlib import Path

import click

from medspec.cli.options import format_option, level_options
from medspec.cli.output import print_for_programs, print_json, print_text
from medspec.cli.selecting import select_option, selected_names, selected_plan
from medspec.errors import UsageError


@click.command()
@click.argument("thing", required=False)
@select_option()
@level_options()
@format_option()
def COMMAND(thing: str | None, select: tuple[str, ...], level: int, without: tuple[str, ...], format: str) -> None:
    """Explain a code such as E0304, or the plan of a suite or task.

    THING is a code, or the name of a suite or of a task in the project's specs.
    """
    if thing is None and not select:
        raise UsageError("say what to explain: a code such as E0304, a suite or a task, or --select")
    if thing is not None and re.fullmatch(r"[EWew]\d{4}", thing) and not select:
        _explain_code(thing, format)
        return
    from medspec.cli.specs import sound_specs
    from medspec.config import find_config

    config = find_config(Path.cwd())
    spec = sound_specs(config)
    given = () if thing is None else (thing,)
    names = selected_names(spec, config, select, given) if select else list(given)
    plan = selected_plan(spec, names, level=level, without=without)
    if format == "json":
        from medspec.plan.form import to_json

        print_for_programs(to_json(plan))
    else:
        from medspec.plan.explain import explain

        print_text(explain(plan, before=selected_plan(spec, names, level=0, without=())))


def _explain_code(code: str, format: str) -> None:
    from medspec.codes import CODES, find_code
    from medspec.codes.explain import explain_code
    from medspec.text.suggest import nearest

    found = find_code(code)
    if found is None:
        guess = nearest(code.upper(), [member.code for member in CODES])
        raise UsageError(f"there is no code {code.upper()}" + (f"; did you mean {guess}?" if guess else ""))
    if format == "json":
        import attrs

        print_json(attrs.asdict(found))
    else:
        print_text(explain_code(found))
