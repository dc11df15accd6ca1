"""Read only the fields that a prompt, a judge, an answer, gold or a row's id looks at.

s1  id, question, contexts, long_answer, gold    =>    s1  id, question, contexts, gold
"""

from __future__ import annotations

import attrs

from medspec.plan.judge_nodes import VerdictValue, fields_used
from medspec.plan.nodes import FieldRef, Plan, Scan, ShotRows
from medspec.types import RecordType, anchors


def push_columns(plan: Plan) -> Plan:
    """`plan` with every scan's record cut down to the fields in use."""
    return attrs.evolve(plan, scans=tuple(_cut(scan, _used(scan, plan)) for scan in plan.scans))


def _used(scan: Scan, plan: Plan) -> set[str]:
    used = {keep.field for keep in scan.keep}
    for rule in scan.slices:
        paths = [rule.by] if rule.by is not None else [condition.path for condition in rule.when]
        used.update(path.split(".")[0] for path in paths)
    if scan.cluster is not None:
        used.add(scan.cluster.split(".")[0])
    if scan.id_field is not None:
        used.add(scan.id_field)
    for render in plan.renders:
        shots = render.shots
        if shots is not None and shots.scan == scan.id:
            if any(isinstance(bound, ShotRows) for _, bound in render.bindings):
                # The prompt's own text takes the fields of the shots it wants: all stay.
                return {field.name for field in scan.record.fields}
            used.update({shots.gold, shots.distinct_by or shots.gold, *anchors(shots.reader.answer)})
        if render.scan == scan.id or (shots is not None and shots.scan == scan.id):
            used.update(bound.field for _, bound in render.bindings if isinstance(bound, FieldRef))
    for task in plan.tasks:
        for calibration in task.calibrations:
            if calibration.scan == scan.id:
                used.update({calibration.label, *calibration.fields})
        if task.scan == scan.id:
            used.add(task.gold)
            used.update(anchors(plan.read(task.read).reader.answer))
            for score in task.scores:
                used.update(field for _, field in score.fields)
                if isinstance(score.value, VerdictValue):
                    used.update(fields_used(score.value))
    # A field anchored in another one cannot be loaded without it.
    for field in scan.record.fields:
        if field.name in used:
            used.update(anchors(field.type))
    return used


def _cut(scan: Scan, used: set[str]) -> Scan:
    fields = tuple(field for field in scan.record.fields if field.name in used)
    return attrs.evolve(
        scan,
        record=RecordType(scan.record.name, fields),
        columns=tuple((name, column) for name, column in scan.columns if name in used),
    )
