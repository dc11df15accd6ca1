"""The passes in order. Each is a function `Plan -> Plan`, each leaves every reported number as it is.

Levels: 0 runs none, 1 (the default) all; single passes are switched off by name. The plan is verified after each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import attrs

from medspec.errors import InternalError, UsageError
from medspec.passes.drop_unused import drop_unused
from medspec.passes.fold_prompts import fold_prompts
from medspec.passes.merge_calls import merge_calls
from medspec.passes.order_rows import order_rows
from medspec.passes.push_columns import push_columns
from medspec.passes.share_prefixes import share_prefixes
from medspec.plan.nodes import Plan
from medspec.plan.verify import faults
from medspec.text.suggest import nearest

Pass = Callable[[Plan], Plan]

PASSES: tuple[tuple[str, Pass], ...] = (
    ("fold-prompts", fold_prompts),
    # After folding, since a condition that is decided leaves parameters behind.
    ("drop-unused", drop_unused),
    # After both, since prompts that differ in their parameters only may be equal as text.
    ("merge-calls", merge_calls),
    # After merging, since only then is it known which fields the kept prompts look at.
    ("push-columns", push_columns),
    ("share-prefixes", share_prefixes),
    # The last, since it orders the waves that are there.
    ("order-rows", order_rows),
)


@attrs.frozen
class Step:
    """A pass that was run, with the plan before and after it."""

    name: str
    before: Plan
    after: Plan


def optimise(plan: Plan, *, level: int = 1, without: Collection[str] = ()) -> Plan:
    """The plan after all passes of `level` but those named in `without`. Raises `UsageError` for an unknown name."""
    taken = steps(plan, level=level, without=without)
    return taken[-1].after if taken else plan


def steps(plan: Plan, *, level: int = 1, without: Collection[str] = ()) -> list[Step]:
    """What `optimise` does, pass by pass. Raises `UsageError` for an unknown name."""
    names = [name for name, _ in PASSES]
    for name in without:
        if name not in names:
            close = nearest(name, names)
            advice = f"did you mean `{close}`?" if close else f"there are: {', '.join(names)}"
            raise UsageError(f"there is no pass named `{name}`; {advice}")
    _verify(plan, "lowering")
    taken: list[Step] = []
    for name, run in PASSES if level > 0 else ():
        if name not in without:
            after = run(plan)
            _verify(after, name)
            taken.append(Step(name, plan, after))
            plan = after
    return taken


def _verify(plan: Plan, after: str) -> None:
    found = faults(plan)
    if found:
        raise InternalError(f"the plan is broken after {after}: {'; '.join(found)}; please report this with your specs")
