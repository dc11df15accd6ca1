"""`--dialect`: what the family of the model under test expects, the same for every command that makes a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.check.spec import Spec
    from medspec.plan.judge_nodes import Dialect

Callback = TypeVar("Callback", bound=Callable[..., Any])

NONE = "none"
"""Says that no dialect is meant, where medspec.toml names one."""


def dialect_option() -> Callable[[Callback], Callback]:
    """`--dialect NAME`."""
    return click.option(
        "--dialect", metavar="NAME", help="The dialect of the model's family, as the specs declare it; `none` for none."
    )


def dialect_named(spec: Spec, name: str | None) -> Dialect | None:
    """The dialect called `name`, by its own or its qualified name. Raises `UsageError` where there is none, or several."""
    from medspec.text.suggest import nearest

    if name is None or name == NONE:
        return None
    if name in spec.dialects:
        return spec.dialects[name].node
    found = [dialect for dialect in spec.dialects.values() if dialect.name == name]
    if len(found) == 1:
        return found[0].node
    if found:
        same = ", ".join(dialect.qualified for dialect in found)
        raise UsageError(f"the dialect `{name}` is declared in several modules; write one of: {same}")
    short = [dialect.name for dialect in spec.dialects.values()]
    close = nearest(name, [*short, *spec.dialects])
    advice = f"did you mean `{close}`?" if close else f"there are: {', '.join(dict.fromkeys(short)) or 'none'}"
    raise UsageError(f"there is no dialect named `{name}`; {advice}")


def as_declared(spec: Spec, dialect: Dialect | None) -> Dialect | None:
    """The dialect of a run as it is declared now; as it was then where nothing is declared under its name."""
    if dialect is None:
        return None
    found = [one.node for one in spec.dialects.values() if one.name == dialect.name]
    return found[0] if len(found) == 1 else dialect
