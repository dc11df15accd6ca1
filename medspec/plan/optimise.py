"""The passes in order. Each is a function `Plan -> Plan`, each leaves every reported number as it is.

Levels: 0 runs none, 1 (the default) all; single passes are switched off by name. The plan is verified after each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from medspec.errors import InternalError, UsageError
from medspec.passes.fold_prompts import fold_prompts
from medspec.passes.merge_calls import merge_calls
from medspec.passes.push_columns import push_columns
from medspec.plan.nodes import Plan
from medspec.plan.verify import faults
from medspec.text.suggest import nearest

Pass = Callable[[Plan], Plan]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("fold-prompts", fold_prompts),
    # After folding, since prompts that differ in their parameters only may be equal as text.
    ("merge-calls", merge_calls),
    # After merging, since only then is it known which fields the kept prompts look at.
    ("push-columns", push_columns),
)


def optimise(plan: Plan, *, level: int = 1, without: Collection[str] = ()) -> Plan:
    """The plan after all passes of `level` but those named in `without`. Raises `UsageError` for an unknown name."""
    names = [name for name, _ in PASSES]
    for name in without:
        if name not in names:
            close = nearest(name, names)
            advice = f"did you mean `{close}`?" if close else f"there are: {', '.join(names)}"
            raise UsageError(f"there is no pass named `{name}`; {advice}")
    _verify(plan, "lowering")
    for name, run in PASSES if level > 0 else ():
        if name not in without:
            plan = run(plan)
            _verify(plan, name)
    return plan


def _verify(plan: Plan, after: str) -> None:
    found = faults(plan)
    if found:
        raise InternalError(f"the plan is broken after {after}: {'; '.join(found)}; please report this with your specs")
