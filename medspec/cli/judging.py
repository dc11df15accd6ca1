"""Judges on the command line: `--judge NAME=MODEL`, and floors that were not reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from medspec.errors import FloorMissed, UsageError

if TYPE_CHECKING:
    from medspec.backends.base import Options
    from medspec.plan.nodes import Plan
    from medspec.run.judging.models import OpenedJudges
    from medspec.run.roots import DataRoots


def open_judges(given: tuple[str, ...], plan: Plan, roots: DataRoots, options: Options) -> OpenedJudges:
    """The judges of `plan`, each opened when it is first asked for; `given` are the values of `--judge`.

    Raises `UsageError` for a judge that is not there, and for a remote one of rows that may not leave.
    """
    from medspec.backends import open_model
    from medspec.run.judging.models import OpenedJudges, read_replacements

    instead = read_replacements(given, plan)
    _refuse_remote(instead, plan)
    return OpenedJudges(lambda name: open_model(name, options), roots, instead)


def _refuse_remote(instead: Mapping[str, str], plan: Plan) -> None:
    from medspec.backends import find_scheme

    remote = [f"{name}={model}" for name, model in instead.items() if find_scheme(model).abilities.remote]
    kept = [task.name for task in plan.tasks if plan.scan(task.scan).private and "E0609" not in dict(task.waivers)]
    if remote and kept:
        raise UsageError(
            f"`--judge {remote[0]}`: rows of `{kept[0]}` stay on this machine, and this judge is somewhere else (E0609)"
        )


def check_floors(report: Mapping[str, Any]) -> None:
    """Raise `FloorMissed` where a judge agrees with people less than its calibration demands."""
    from medspec.run.judging.calibrate import floors_missed

    if missed := floors_missed(report):
        raise FloorMissed("a judge agrees with people less than its calibration demands: " + "; ".join(missed))
