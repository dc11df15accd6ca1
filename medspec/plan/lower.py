"""From the checked spec to a plan: which rows, prompts, calls, readings and scores the named tasks need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from medspec.check.egress import why_kept
from medspec.check.spec import RowsRef, Spec, SuiteSpec, TaskSpec
from medspec.check.templates import ANSWER_FORMAT
from medspec.errors import UsageError
from medspec.plan.form import digest
from medspec.plan.hash import call_hash, score_hash
from medspec.plan.judge_nodes import Calibration, Dialect
from medspec.plan.nodes import (
    Aggregate,
    Call,
    Constant,
    Interval,
    Member,
    Plan,
    Read,
    Reference,
    Render,
    Scan,
    Shots,
    TaskPlan,
)
from medspec.plan.speak import decode_for, read_from, type_in, write_for
from medspec.readers import READERS
from medspec.text.suggest import nearest


def lower(spec: Spec, names: Sequence[str], *, dialect: Dialect | None = None) -> Plan:
    """The plan of a suite, or of several suites and tasks together, for models that speak `dialect`.

    Raises `UsageError` for a name that does not exist.
    """
    chosen = [_find(spec, name) for name in names]
    if not chosen:
        raise UsageError("nothing to plan: name a suite or a task")
    if len(chosen) == 1 and isinstance(chosen[0], SuiteSpec):
        return _plan_suite(chosen[0], dialect)
    members: dict[str, tuple[TaskSpec, float]] = {}
    slices, smallest = dict[str, None](), 1
    intervals: dict[str, Interval] = {}
    labels_of: list[tuple[SuiteSpec, Aggregate]] = []
    for entry in chosen:
        if isinstance(entry, TaskSpec):
            members.setdefault(entry.qualified, (entry, 1.0))
            continue
        for task, weight in entry.members:
            members.setdefault(task.qualified, (task, weight))
            intervals.setdefault(task.qualified, entry.interval)
        labels_of += [(entry, aggregate) for aggregate in entry.aggregates]
        smallest = max(smallest, entry.slice_rows)
        slices.update(dict.fromkeys(entry.slices))
    labels = _labels([task for task, _ in members.values()])
    # Of several suites the first one's; what another one is shown in, its tasks and aggregates say themselves.
    default = next((entry.interval for entry in chosen if isinstance(entry, SuiteSpec)), Interval())
    aggregates = [_of_suite(aggregate, suite, labels, default) for suite, aggregate in labels_of]
    version = chosen[0].version if len(chosen) == 1 else None
    head = _Head(
        name="+".join(entry.name for entry in chosen),
        version=version,
        aggregates=tuple(aggregates),
        interval=default,
        slices=tuple(slices),
        slice_rows=smallest,
    )
    return _lower(head, list(members.values()), dialect, intervals)


def _of_suite(aggregate: Aggregate, suite: SuiteSpec, labels: dict[str, str], default: Interval) -> Aggregate:
    """An aggregate of one of several suites: its own name and those it uses get the suite's in front."""
    own = {a.name: f"{suite.name}.{a.name}" for a in suite.aggregates}
    tasks = {task.name: labels[task.qualified] for task, _ in suite.members}
    over = tuple(own.get(entry, tasks.get(entry, entry)) for entry in aggregate.tasks)
    interval = None if suite.interval == default else suite.interval
    return attrs.evolve(aggregate, name=own[aggregate.name], tasks=over, interval=interval)


@attrs.frozen(kw_only=True)
class _Head:
    """What a plan says besides its tasks."""

    name: str
    version: int | None
    aggregates: tuple[Aggregate, ...]
    interval: Interval
    slices: tuple[str, ...] = ()
    slice_rows: int = 1
    references: tuple[Reference, ...] = ()
    title: str = ""


def _plan_suite(suite: SuiteSpec, dialect: Dialect | None) -> Plan:
    head = _Head(
        name=suite.name,
        version=suite.version,
        aggregates=suite.aggregates,
        interval=suite.interval,
        slices=suite.slices,
        slice_rows=suite.slice_rows,
        references=suite.references,
        title=suite.doc[0] if suite.doc else "",
    )
    return _lower(head, list(suite.members), dialect)


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

    slices: tuple[str, ...] = ()
    """The slices that are reported."""
    dialect: Dialect | None = None
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
    head: _Head,
    members: list[tuple[TaskSpec, float]],
    dialect: Dialect | None,
    intervals: Mapping[str, Interval] | None = None,
) -> Plan:
    """`intervals` are those of tasks, by qualified name, where several suites make one plan."""
    nodes = _Nodes(head.slices, dialect)
    labels = _labels([task for task, _ in members])
    tasks = tuple(_lower_task(task, labels[task.qualified], nodes) for task, _ in members)
    own = [(intervals or {}).get(task.qualified, head.interval) for task, _ in members]
    tasks = tuple(
        attrs.evolve(task, interval=None if one == head.interval else one) for task, one in zip(tasks, own, strict=True)
    )
    return Plan(
        suite=head.name,
        version=head.version,
        scans=tuple(nodes.scans.values()),
        renders=tuple(nodes.renders),
        calls=tuple(nodes.calls),
        reads=tuple(nodes.reads),
        tasks=tasks,
        members=tuple(Member(labels[task.qualified], weight) for task, weight in members),
        aggregates=head.aggregates,
        interval=head.interval,
        slice_rows=head.slice_rows,
        references=head.references,
        title=head.title,
        dialect=dialect,
    )


def _labels(tasks: list[TaskSpec]) -> dict[str, str]:
    """Short names where they are unique in the plan, qualified names where not."""
    names = Counter(task.name for task in tasks)
    return {task.qualified: task.name if names[task.name] == 1 else task.qualified for task in tasks}


def _lower_task(task: TaskSpec, label: str, nodes: _Nodes) -> TaskPlan:
    number = len(nodes.renders) + 1
    scan = nodes.scan(_scan(task.rows, nodes.slices))
    reader = next(reader for reader in READERS if reader.name == task.reader.name)
    bindings = dict(task.bindings)
    if task.prompt.uses_answer_format:
        form = None if nodes.dialect is None else nodes.dialect.boxes
        text = reader.answer_format(type_in(task.reader.answer, form), dict(task.reader.settings))
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
        repeats=1 if reader.asks == "logits" else task.repeats,
    )
    read = Read(id=f"a{number}", call=call.id, reader=task.reader, unread=task.unread)
    if nodes.dialect is not None:
        render, read = write_for(render, nodes.dialect), read_from(read, nodes.dialect)
        call = attrs.evolve(call, decode=decode_for(call.decode, task.decode_said, nodes.dialect))
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
        references=task.references,
        calibrations=_calibrations(task, nodes),
        call_hash=call_hash(scan, render, call, nodes.shot_scan(render)),
    )
    return attrs.evolve(planned, score_hash=score_hash(planned, scan, read))


def _calibrations(task: TaskSpec, nodes: _Nodes) -> tuple[Calibration, ...]:
    found: dict[str, Calibration] = {}
    for judge in (member for judging in task.judges for member in judging.members):
        calibration = judge.calibration
        if calibration is None or calibration.rows.dataset is None or judge.qualified in found:
            continue
        rows = calibration.rows
        assert rows.dataset is not None
        shown = {field.name for field in rows.dataset.record.type.fields}
        found[judge.qualified] = Calibration(
            judge=judge.name,
            scan=nodes.scan(_scan(rows, ())).id,
            rows=".".join(part for part in (rows.dataset.name, rows.subset, rows.split) if part),
            fields=tuple(one.name for one in judge.parameters if one.name in shown),
            label=calibration.label,
            field=calibration.field,
            agreement=calibration.agreement,
            at_least=calibration.at_least,
        )
    return tuple(found.values())


def _shots(task: TaskSpec, nodes: _Nodes) -> Shots | None:
    if task.shots is None:
        return None
    shots = task.shots
    return Shots(
        scan=nodes.scan(_scan(shots.rows, ())).id,
        count=shots.count,
        pick=shots.pick,
        seed=shots.seed,
        ids=shots.ids,
        distinct_by=shots.distinct_by,
        gold=task.gold,
        reader=task.reader,
    )


def _scan(rows: RowsRef, slices: tuple[str, ...]) -> Scan:
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
        fetch=dataset.fetch,
        private=why_kept(dataset) is not None,
        part=rows.part,
        errata=dataset.errata,
        slices=tuple(rule for rule in dataset.slices if rule.name in slices),
        cluster=dataset.cluster,
        folder=str(Path(dataset.place.source.path).parent),
    )
