"""`--select`, the same for every command that takes names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from medspec.config import Config
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.check.spec import Spec
    from medspec.plan.judge_nodes import Dialect
    from medspec.plan.nodes import Plan

Callback = TypeVar("Callback", bound=Callable[..., Any])


SELECTION = "selection"
"""The name of a plan of several tasks that were selected."""


def select_option() -> Callable[[Callback], Callback]:
    """`--select`, any number of times; each adds to what is selected."""
    return click.option(
        "--select",
        multiple=True,
        metavar="EXPR",
        help="Names, patterns, `license:mit`, `metric:accuracy`, `tag:x`, `state:changed`, ...; `+x` with what x is made "
        "of, `x+` with what is made of it; `,` is and, a blank is or.",
    )


def selected(spec: Spec, config: Config, expressions: tuple[str, ...]) -> list[tuple[str, str]]:
    """Kind and qualified name of every declaration that is selected."""
    from medspec.cli.locking import lock_file
    from medspec.plan.lock import needed_lock
    from medspec.plan.select import Selecting, select

    return select(" ".join(expressions), Selecting(spec, lambda: needed_lock(lock_file(config))))


def selected_plan(
    spec: Spec, names: Sequence[str], *, level: int, without: Sequence[str], dialect: Dialect | None = None
) -> Plan:
    """One plan of what was selected; its name does not grow with the number of tasks."""
    import attrs

    from medspec.cli.specs import make_plan

    plan = make_plan(spec, names, level=level, without=without, dialect=dialect)
    return attrs.evolve(plan, suite=SELECTION) if len(names) > 1 else plan


def selected_names(spec: Spec, config: Config, expressions: tuple[str, ...], names: tuple[str, ...] = ()) -> list[str]:
    """The tasks that are selected; where no task is, the suites. Raises `UsageError` where neither is."""
    from medspec.plan.select import runnable

    if names:
        raise UsageError(f"give either names or --select, not both: {names[0]} is a name")
    found = runnable(selected(spec, config, expressions))
    if not found:
        raise UsageError(f"`{' '.join(expressions)}` selects no task and no suite; see `medspec ls --select ...`")
    return found
