"""From the checked spec to a plan: which rows, prompts, calls, readings and scores the named tasks need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from medspec.check.spec import RowsRef, Spec, SuiteSpec, TaskSpec
from medspec.check.templates import ANSWER_FORMAT
from medspec.errors import UsageError
from medspec.plan.form import digest
from medspec.plan.hash import call_hash, score_hash
from medspec.plan.nodes import (
    Aggregate,
    Call,
    Constant,
    Interval,
    Member,
    Plan,
    Read,
    Render,
    Scan,
    Shots,
    TaskPlan,
)
from medspec.readers import READERS
from medspec.text.suggest import nearest


def lower(spec: Spec, names: Sequence[str]) -> Plan:
    """The plan of a suite, or of several suites and tasks together. Raises `UsageError` for a name that does not exist."""
    chosen = [_find(spec, name) for name in names]
    if not chosen:
        raise UsageError("nothing to plan: name a suite or a task")
    if len(chosen) == 1 and isinstance(chosen[0], SuiteSpec):
        return _plan_suite(chosen[0])
    members: dict[str, tuple[TaskSpec, float]] = {}
    aggregates: list[Aggregate] = []
    interval = Interval()
    for entry in chosen:
        if isinstance(entry, TaskSpec):
            members.setdefault(entry.qualified, (entry, 1.0))
            continue
        members.update({task.qualified: (task, weight) for task, weight in entry.members})
        interval = entry.interval
        if len(chosen) > 1:
            aggregates += [attrs.evolve(a, name=f"{entry.name}.{a.name}") for a in entry.aggregates]
    name = "+".join(entry.name for entry in chosen)
    version = chosen[0].version if len(chosen) == 1 else None
    return _lower(name, version, list(members.values()), tuple(aggregates), interval, "")


def _plan_suite(suite: SuiteSpec) -> Plan:
    title = suite.doc[0] if suite.doc else ""
    return _lower(suite.name, suite.version, list(suite.members), suite.aggregates, suite.interval, title)


def _find(spec: Spec, name: str) -> SuiteSpec | TaskSpec:
    found = spec.find_suite(name) or spec.find_task(name)
    if found is not None:
        return found
    known = [*spec.suites, *spec.tasks]
    same = [entry for entry in known if entry.rsplit(".", 1)[-1] == name]
    if len(same) > 1:
        raise UsageError(f"`{name}` is declared in several modules; write one of: {', '.join(same)}")
    short = [entry.rsplit(".", 1)[-1] for entry in known]
    close = nearest(name, [*short, *known])
    advice = f"did you mean `{close}`?" if close else f"there are: {', '.join(dict.fromkeys(short)) or 'none'}"
    raise UsageError(f"there is no suite or task named `{name}`; {advice}")


@attrs.define
class _Nodes:
    """The nodes so far. Tasks over the same rows share one scan."""

    scans: dict[str, Scan] = attrs.field(factory=dict)
    renders: list[Render] = attrs.field(factory=list)
    calls: list[Call] = attrs.field(factory=list)
    reads: list[Read] = attrs.field(factory=list)

    def scan(self, node: Scan) -> Scan:
        # By digest and not by equality: types are equal whatever way data write them, scans are not.
        key = f"{digest(node)} {node.folder}"
        return self.scans.setdefault(key, attrs.evolve(node, id=f"s{len(self.scans) + 1}"))

    def shot_scan(self, render: Render) -> Scan | None:
        """The scan that the shots of `render` come from."""
        shots = render.shots
        return None if shots is None else next(scan for scan in self.scans.values() if scan.id == shots.scan)


def _lower(
    name: str,
    version: int | None,
    members: list[tuple[TaskSpec, float]],
    aggregates: tuple[Aggregate, ...],
    interval: Interval,
    title: str,
) -> Plan:
    nodes = _Nodes()
    labels = _labels([task for task, _ in members])
    tasks = tuple(_lower_task(task, labels[task.qualified], nodes) for task, _ in members)
    return Plan(
        suite=name,
        version=version,
        scans=tuple(nodes.scans.values()),
        renders=tuple(nodes.renders),
        calls=tuple(nodes.calls),
        reads=tuple(nodes.reads),
        tasks=tasks,
        members=tuple(Member(labels[task.qualified], weight) for task, weight in members),
        aggregates=aggregates,
        interval=interval,
        title=title,
    )


def _labels(tasks: list[TaskSpec]) -> dict[str, str]:
    """Short names where they are unique in the plan, qualified names where not."""
    names = [task.name for task in tasks]
    return {task.qualified: task.name if names.count(task.name) == 1 else task.qualified for task in tasks}


def _lower_task(task: TaskSpec, label: str, nodes: _Nodes) -> TaskPlan:
    number = len(nodes.renders) + 1
    scan = nodes.scan(_scan(task.rows))
    reader = next(reader for reader in READERS if reader.name == task.reader.name)
    bindings = dict(task.bindings)
    if task.prompt.uses_answer_format:
        text = reader.answer_format(task.reader.answer, dict(task.reader.settings))
        bindings[ANSWER_FORMAT] = Constant(text)
    render = Render(
        id=f"r{number}",
        scan=scan.id,
        prompt=task.prompt.name,
        turns=task.prompt.turns,
        bindings=tuple(bindings.items()),
        shots=_shots(task, nodes),
    )
    call = Call(
        id=f"c{number}",
        render=render.id,
        decode=task.decode,
        options=task.reader if reader.asks == "logits" else None,
    )
    read = Read(id=f"a{number}", call=call.id, reader=task.reader, unread=task.unread)
    nodes.renders.append(render)
    nodes.calls.append(call)
    nodes.reads.append(read)
    planned = TaskPlan(
        name=label,
        version=task.version,
        scan=scan.id,
        render=render.id,
        call=call.id,
        read=read.id,
        gold=task.gold,
        scores=task.scores,
        waivers=task.waivers,
        call_hash=call_hash(scan, render, call, nodes.shot_scan(render)),
    )
    return attrs.evolve(planned, score_hash=score_hash(planned, scan, read))


def _shots(task: TaskSpec, nodes: _Nodes) -> Shots | None:
    if task.shots is None:
        return None
    shots = task.shots
    return Shots(
        scan=nodes.scan(_scan(shots.rows)).id,
        count=shots.count,
        pick=shots.pick,
        seed=shots.seed,
        ids=shots.ids,
        distinct_by=shots.distinct_by,
        gold=task.gold,
        reader=task.reader,
    )


def _scan(rows: RowsRef) -> Scan:
    dataset, subset, split = rows.dataset, rows.subset, rows.split
    assert dataset is not None
    path = dataset.source.path.replace("{split}", split).replace("{subset}", subset or "")
    return Scan(
        id="",
        dataset=dataset.name,
        subset=subset,
        split=split,
        source=attrs.evolve(dataset.source, path=path),
        record=dataset.record.type,
        columns=dataset.columns,
        id_field=dataset.id_field,
        keep=tuple(keep for name, keep in dataset.keeps if name == split),
        license=dataset.license,
        private=dataset.private,
        part=rows.part,
        folder=str(Path(dataset.place.source.path).parent),
    )
