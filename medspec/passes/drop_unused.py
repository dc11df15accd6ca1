"""Drop what nothing looks at: parameters that no turn shows any more, and nodes that no task reaches.

r1  "About the heart: {{ question }}"  question = question, note = note   =>   ...  question = question

A parameter is left over where a condition was decided by `fold-prompts`, or where a prompt takes more than it shows. Once
it is gone, its column need not be read, and prompts that differed in it alone are equal.
"""

from __future__ import annotations

import attrs

from medspec.plan.fold import names_of
from medspec.plan.nodes import Constant, FieldRef, Plan, Render


def drop_unused(plan: Plan) -> Plan:
    """`plan` with the parameters that are shown, and the nodes that are reached from its tasks."""
    plan = attrs.evolve(plan, renders=tuple(map(_shown, plan.renders)))
    used = {task.render for task in plan.tasks}, {task.call for task in plan.tasks}, {task.read for task in plan.tasks}
    renders = tuple(render for render in plan.renders if render.id in used[0])
    scans = {task.scan for task in plan.tasks} | {render.shots.scan for render in renders if render.shots is not None}
    scans |= {calibration.scan for task in plan.tasks for calibration in task.calibrations}
    return attrs.evolve(
        plan,
        scans=tuple(scan for scan in plan.scans if scan.id in scans),
        renders=renders,
        calls=tuple(call for call in plan.calls if call.id in used[1]),
        reads=tuple(read for read in plan.reads if read.id in used[2]),
    )


def _shown(render: Render) -> Render:
    if any(turn.file is not None for turn in render.turns):
        return render  # what a text from a file shows is known when it is read
    shown = set().union(*(names_of(turn.pieces) for turn in render.turns))
    bindings = tuple(
        (name, bound) for name, bound in render.bindings if name in shown or not isinstance(bound, FieldRef | Constant)
    )
    return attrs.evolve(render, bindings=bindings)
