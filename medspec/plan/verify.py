"""What must hold of every plan, whatever passes ran. A broken plan is our fault, never the user's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from medspec.metrics import find_metric
from medspec.plan.fold import names_of
from medspec.plan.judge_nodes import VerdictValue, fields_used
from medspec.plan.nodes import FieldRef, Plan, Render, Scan
from medspec.readers import find_reader
from medspec.types import anchors


def faults(plan: Plan) -> list[str]:
    """What is wrong with `plan`, one sentence each; empty for a sound plan."""
    return list(_faults(plan))


def _faults(plan: Plan) -> Iterator[str]:
    yield from _catalogues(plan)
    yield from _ids(plan)
    yield from _scans(plan)
    scans = {scan.id: scan for scan in plan.scans}
    for render in plan.renders:
        yield from _render(render, scans)
    yield from _tasks(plan, scans)
    yield from _waves(plan)
    names = [task.name for task in plan.tasks] + [aggregate.name for aggregate in plan.aggregates]
    for name in (*(member.task for member in plan.members), *(n for a in plan.aggregates for n in a.tasks)):
        if name not in names:
            yield f"{name} is counted and not planned"


def _catalogues(plan: Plan) -> Iterator[str]:
    """Readers and metrics that there are, and settings within their range."""
    for use in [read.reader for read in plan.reads] + [
        one.shots.reader for one in plan.renders if one.shots is not None
    ]:
        if find_reader(use.name) is None:
            yield f"there is no reader {use.name!r}"
    for score in (score for task in plan.tasks for score in task.scores):
        if find_metric(score.metric) is None:
            yield f"there is no metric {score.metric!r}"
    for read in plan.reads:
        if read.unread not in ("worst", "skip"):
            yield f"{read.id} counts unread answers as {read.unread!r}"
    for interval in (plan.interval, *(one.interval for one in plan.aggregates if one.interval is not None)):
        if not 0 < interval.level < 1 or interval.resamples < 1 or interval.seed < 0:
            yield f"an interval of level {interval.level} by {interval.resamples} draws with seed {interval.seed}"


def _ids(plan: Plan) -> Iterator[str]:
    """Each id once, and every id that is used is there."""
    ids: dict[str, list[str]] = {
        "scan": [node.id for node in plan.scans],
        "render": [node.id for node in plan.renders],
        "call": [node.id for node in plan.calls],
        "read": [node.id for node in plan.reads],
    }
    for kind, found in ids.items():
        if len(set(found)) != len(found):
            yield f"two {kind} nodes have one id"
    for call in plan.calls:
        if call.render not in ids["render"]:
            yield f"{call.id} needs {call.render}, which does not exist"
    for read in plan.reads:
        if read.call not in ids["call"]:
            yield f"{read.id} needs {read.call}, which does not exist"


def _waves(plan: Plan) -> Iterator[str]:
    """Every call is asked once, together with calls over the same rows."""
    asked = [id for wave in plan.waves for id in wave.calls]
    if plan.waves and sorted(asked) != sorted(call.id for call in plan.calls):
        yield f"asked are {', '.join(asked)}, and these are not the calls"
        return
    renders = {render.id: render.scan for render in plan.renders}
    scan_of = {call.id: renders.get(call.render) for call in plan.calls}
    for wave in plan.waves:
        if len({scan_of[id] for id in wave.calls}) > 1:
            yield f"{', '.join(wave.calls)} are asked together over different rows"


def _scans(plan: Plan) -> Iterator[str]:
    """A scan reads what names, chooses, groups, clusters and anchors its rows."""
    for scan in plan.scans:
        names = {field.name for field in scan.record.fields}
        needed = {keep.field for keep in scan.keep} | ({scan.id_field} if scan.id_field is not None else set())
        needed |= set().union(*(anchors(field.type) for field in scan.record.fields))
        paths = [
            path for rule in scan.slices for path in (rule.by, *(one.path for one in rule.when)) if path is not None
        ]
        paths += [scan.cluster] if scan.cluster is not None else []
        needed |= {path.split(".")[0] for path in paths}
        if missing := needed - names:
            yield f"{scan.id} needs {', '.join(sorted(missing))}, which it does not read"


def _render(render: Render, scans: Mapping[str, Scan]) -> Iterator[str]:
    """What fills a prompt is read, and nothing is left unfilled."""
    if render.scan not in scans:
        yield f"{render.id} reads {render.scan}, which does not exist"
        return
    shots = render.shots
    if shots is not None:
        shot_scan = scans.get(shots.scan)
        wanted = {shots.gold, shots.distinct_by or shots.gold, *anchors(shots.reader.answer)}
        if shot_scan is None or any(shot_scan.record.field(name) is None for name in wanted):
            yield f"the shots of {render.id} are not read"
    record = scans[render.scan].record
    for name, bound in render.bindings:
        if isinstance(bound, FieldRef) and record.field(bound.field) is None:
            yield f"{render.id} fills {name} from {bound.field}, which {render.scan} does not read"
    unbound = set().union(*(names_of(turn.pieces) for turn in render.turns)) - {name for name, _ in render.bindings}
    if unbound:
        yield f"{render.id} uses {', '.join(sorted(unbound))}, which nothing fills"


def _tasks(plan: Plan, scans: Mapping[str, Scan]) -> Iterator[str]:
    """The nodes of a task belong together, and its gold is read with what answers choose from."""
    renders = {render.id: render for render in plan.renders}
    calls = {call.id: call for call in plan.calls}
    reads = {read.id: read for read in plan.reads}
    for task in plan.tasks:
        if task.scan not in scans or task.render not in renders or task.call not in calls or task.read not in reads:
            yield f"{task.name} uses a node that does not exist"
            continue
        record = scans[task.scan].record
        if record.field(task.gold) is None:
            yield f"the gold field {task.gold} of {task.name} is not read"
        for name in sorted(anchors(reads[task.read].reader.answer)):
            if record.field(name) is None:
                yield f"the answers of {task.name} choose from {name}, which is not read"
        for name in sorted({field for one in task.scores for _, field in one.fields}):
            if record.field(name) is None:
                yield f"a metric of {task.name} looks at {name}, which is not read"
        shown = {name for one in task.scores if isinstance(one.value, VerdictValue) for name in fields_used(one.value)}
        for name in sorted(shown):
            if record.field(name) is None:
                yield f"a judge of {task.name} is shown {name}, which is not read"
        for one in task.calibrations:
            rows = scans.get(one.scan)
            if rows is None or any(rows.record.field(name) is None for name in (one.label, *one.fields)):
                yield f"the rows that {one.judge} is calibrated on are not read"
        together = (renders[task.render].scan, calls[task.call].render, reads[task.read].call)
        if together != (task.scan, task.render, task.call):
            yield f"the nodes of {task.name} do not belong together"
        if sum(score.primary for score in task.scores) != 1:
            yield f"{task.name} has no primary metric, or several"
