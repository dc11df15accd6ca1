"""`medspec explain`: the page of a code, or the plan of a suite or task in words."""

from __future__ import annotations

import re
from pathlib import Path

import click

from medspec.cli.options import format_option, level_options
from medspec.cli.output import print_for_programs, print_json, print_text
from medspec.errors import UsageError


@click.command()
@click.argument("thing")
@level_options()
@format_option()
def COMMAND(thing: str, level: int, without: tuple[str, ...], format: str) -> None:
    """Explain a code such as E0304, or the plan of a suite or task.

    THING is a code, or the name of a suite or of a task in the project's specs.
    """
    if re.fullmatch(r"[EWew]\d{4}", thing):
        _explain_code(thing, format)
        return
    from medspec.cli.specs import make_plan, sound_specs
    from medspec.config import find_config

    spec = sound_specs(find_config(Path.cwd()))
    plan = make_plan(spec, [thing], level=level, without=without)
    if format == "json":
        from medspec.plan.form import to_json

        print_for_programs(to_json(plan))
    else:
        from medspec.plan.explain import explain

        print_text(explain(plan, before=make_plan(spec, [thing], level=0, without=())))


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
