"""What commands with `--locked` share: where the lock is, and what it has against specs, plans and data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from medspec.config import Config
from medspec.errors import UsageError

if TYPE_CHECKING:
    from medspec.check.spec import Spec
    from medspec.plan.nodes import Plan
    from medspec.text.diagnostic import Diagnostic

Callback = TypeVar("Callback", bound=Callable[..., Any])


def locked_option() -> Callable[[Callback], Callback]:
    """`--locked`: nothing may mean something else than medspec.lock says."""
    return click.option(
        "--locked", is_flag=True, help="Refuse tasks and data that are not what medspec.lock says (E0601)."
    )


def lock_file(config: Config) -> Path:
    """Where the lock of a project is."""
    from medspec.plan.lock import FILE

    return config.root / FILE


def task_named(spec: Spec, name: str) -> str:
    """The qualified name of the task called `name`. Raises `UsageError` where there is none, or several."""
    from medspec.text.suggest import nearest

    found = spec.find_task(name)
    if found is not None:
        return found.qualified
    short = [task.name for task in spec.tasks.values()]
    if short.count(name) > 1:
        same = [task.qualified for task in spec.tasks.values() if task.name == name]
        raise UsageError(f"`{name}` is declared in several modules; write one of: {', '.join(same)}")
    close = nearest(name, [*short, *spec.tasks])
    raise UsageError(f"there is no task named `{name}`" + (f"; did you mean `{close}`?" if close else ""))


def against_lock(spec: Spec, config: Config, plans: Iterable[Plan] | None = None) -> tuple[Diagnostic, ...]:
    """What medspec.lock has against all tasks, or against those of `plans`. Raises `UsageError` without a lock."""
    from medspec.plan.lock import needed_lock
    from medspec.plan.locked import check_locked

    names = None if plans is None else frozenset(task_named(spec, task.name) for plan in plans for task in plan.tasks)
    return check_locked(spec, needed_lock(lock_file(config)), names=names).diagnostics


def check_locked_data(spec: Spec, config: Config, plan: Plan, data: tuple[Path, ...] = ()) -> None:
    """Compare the data files that are there with the lock. Raises `DataError` naming those that changed."""
    from medspec.plan.lock import needed_lock
    from medspec.run.lock_data import check_data
    from medspec.run.roots import DataRoots

    locked = needed_lock(lock_file(config)).tasks
    entries = {task.name: locked.get(task_named(spec, task.name)) for task in plan.tasks}
    check_data(
        plan, {name: entry for name, entry in entries.items() if entry is not None}, DataRoots.of(data, config.data)
    )
