"""What must hold of every plan, whatever passes ran. A broken plan is our fault, never the user's."""

from __future__ import annotations

from collections.abc import Iterator

from medspec.plan.fold import names_of
from medspec.plan.nodes import FieldRef, Plan


def faults(plan: Plan) -> list[str]:
    """What is wrong with `plan`, one sentence each; empty for a sound plan."""
    return list(_faults(plan))


def _faults(plan: Plan) -> Iterator[str]:
    scans = {scan.id: scan for scan in plan.scans}
    renders = {render.id: render for render in plan.renders}
    calls = {call.id: call for call in plan.calls}
    reads = {read.id: read for read in plan.reads}
    for kind, found, nodes in (
        ("scan", scans, plan.scans),
        ("render", renders, plan.renders),
        ("call", calls, plan.calls),
        ("read", reads, plan.reads),
    ):
        if len(found) != len(nodes):
            yield f"two {kind} nodes have one id"
    for render in plan.renders:
        if render.scan not in scans:
            yield f"{render.id} reads {render.scan}, which does not exist"
            continue
        record = scans[render.scan].record
        if render.shots is not None:
            shot_scan = scans.get(render.shots.scan)
            if shot_scan is None or shot_scan.record.field(render.shots.gold) is None:
                yield f"the shots of {render.id} are not read"
        for name, bound in render.bindings:
            if isinstance(bound, FieldRef) and record.field(bound.field) is None:
                yield f"{render.id} fills {name} from {bound.field}, which {render.scan} does not read"
        unbound = set().union(*(names_of(turn.pieces) for turn in render.turns)) - {name for name, _ in render.bindings}
        if unbound:
            yield f"{render.id} uses {', '.join(sorted(unbound))}, which nothing fills"
    for call in plan.calls:
        if call.render not in renders:
            yield f"{call.id} needs {call.render}, which does not exist"
    for read in plan.reads:
        if read.call not in calls:
            yield f"{read.id} needs {read.call}, which does not exist"
    for task in plan.tasks:
        if task.scan not in scans or task.render not in renders or task.call not in calls or task.read not in reads:
            yield f"{task.name} uses a node that does not exist"
        elif scans[task.scan].record.field(task.gold) is None:
            yield f"the gold field {task.gold} of {task.name} is not read"
        elif reads[task.read].call != task.call or calls[task.call].render != task.render:
            yield f"the nodes of {task.name} do not belong together"
        if sum(score.primary for score in task.scores) != 1:
            yield f"{task.name} has no primary metric, or several"
    names = [task.name for task in plan.tasks] + [aggregate.name for aggregate in plan.aggregates]
    for name in (*(member.task for member in plan.members), *(n for a in plan.aggregates for n in a.tasks)):
        if name not in names:
            yield f"{name} is counted and not planned"
