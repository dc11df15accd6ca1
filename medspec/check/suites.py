"""Suites: which tasks, how they are put into one number, which groups and which interval are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.aggregates import Entry, read_aggregate
from medspec.check.arguments import ABSENT, Rule, read_arguments, read_tags, read_value, read_version
from medspec.check.references import read_references
from medspec.check.scope import Missing, Scope, settings_of
from medspec.check.spec import SuiteSpec, TaskSpec, TemplateSpec
from medspec.metrics.base import FRACTION
from medspec.plan.nodes import Aggregate, Interval
from medspec.syntax import tree
from medspec.text.diagnostic import Edit
from medspec.text.source import Place
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker

_LEVEL = Rule("level", "float", 0.95)
INTERVALS: dict[str, tuple[Rule, ...]] = {
    "wilson": (_LEVEL,),
    "bootstrap": (Rule("resamples", "int", 1000), _LEVEL, Rule("seed", "int", 7)),
}


@attrs.define
class _Members:
    """The members of one suite: `entries` by the name they have in it, `tasks` with those of suites inside it."""

    entries: dict[str, Entry] = attrs.field(factory=dict)
    tasks: dict[str, tuple[TaskSpec, float]] = attrs.field(factory=dict)
    inner: list[Aggregate] = attrs.field(factory=list)
    places: dict[str, Place] = attrs.field(factory=dict)


def check_suite(declaration: tree.SuiteDecl, checker: Checker, scope: Scope) -> SuiteSpec | None:
    clauses = declaration.clauses
    known = tuple(clause for clause in clauses if isinstance(clause, tree.Setting))
    settings = settings_of(known, ("interval", "tags"), "a suite", scope.report)
    nodes = [entry for clause in clauses if isinstance(clause, tree.Members) for entry in clause.entries]
    if not nodes:
        helps = ["write `tasks { first_task  second_task }`"]
        scope.report.add("E0506", "this suite has no tasks", declaration.name.place, helps=helps)
        return None
    members = _read_members(nodes, checker, scope)
    interval = _interval(settings.get("interval"), scope)
    if members is None:
        return None
    own = _read_aggregates([c for c in clauses if isinstance(c, tree.AggregateNode)], members, scope)
    slices, slice_rows = _read_slices([c for c in clauses if isinstance(c, tree.SliceReport)], members, scope)
    references = read_references(
        (clause for clause in clauses if isinstance(clause, tree.Reference)),
        # An aggregate that was refused has been reported; a figure of it is no second mistake.
        {clause.name.name: FRACTION for clause in clauses if isinstance(clause, tree.AggregateNode)},
        "this suite",
        scope.report,
    )
    if own is None:
        return None
    return SuiteSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        version=read_version(declaration.version, scope.report),
        members=tuple(members.tasks.values()),
        aggregates=(*members.inner, *own),
        interval=interval,
        slices=slices,
        slice_rows=slice_rows,
        tags=read_tags(settings.get("tags"), scope.report),
        references=references,
    )


def _read_members(nodes: list[tree.MemberNode], checker: Checker, scope: Scope) -> _Members | None:
    """Tasks and suites with their weights; None after reporting."""
    members = _Members()
    whole = _whole(nodes, scope)
    clean = len(whole) == len(nodes)
    for node in whole:
        found = scope.find(node.task, "task", kinds=(tree.TaskDecl, tree.SuiteDecl))
        checked = None if isinstance(found, Missing) else checker.checked(found.module, found.declaration)
        weight = float(node.weight.number) if node.weight else 1.0
        if node.weight and weight <= 0:
            scope.report.add("E0301", "a weight is greater than 0", node.weight.place)
        clean &= _add_member(node, checked, weight, members, scope)
    return members if clean else None


def _whole(nodes: list[tree.MemberNode], scope: Scope) -> list[tree.MemberNode]:
    """The members without each pair that is one name with its dot missing, `module task`, which is reported once."""
    found: list[tree.MemberNode] = []
    waiting = list(nodes)
    while waiting:
        node, *waiting = waiting
        if waiting and _lacks_a_dot(node, waiting[0], scope):
            other, *waiting = waiting
            whole = f"{node.task.dotted}.{other.task.dotted}"
            place = node.task.place.to(other.task.place)
            edits = [Edit(place, whole)]
            helps = [f"write `{whole}`"]
            label = (place, "a dot is missing between the two")
            scope.report.add("E0209", f"`{node.task.dotted}` is a module, not a task", label, helps=helps, edits=edits)
            continue
        found.append(node)
    return found


def _lacks_a_dot(node: tree.MemberNode, other: tree.MemberNode, scope: Scope) -> bool:
    if len(node.task.parts) != 1 or node.weight is not None or len(other.task.parts) != 1:
        return False
    imported = scope.module.imports.get(node.task.dotted)
    target = scope.modules.get(imported.module) if imported is not None and imported.name is None else None
    here = other.task.dotted in scope.module.names or other.task.dotted in scope.module.imports
    return target is not None and not here and isinstance(target.names.get(other.task.dotted), tree.TaskDecl)


def _add_member(node: tree.MemberNode, checked: object, weight: float, members: _Members, scope: Scope) -> bool:
    report, place = scope.report, node.task.place
    if isinstance(checked, TemplateSpec):
        label = (checked.place, "a task with parameters")
        helps = [f"make a task from it: `task NAME = {checked.name}(...)`"]
        report.add("E0209", f"`{node.task.dotted}` is a template", place, label, helps=helps)
        return False
    if not isinstance(checked, TaskSpec | SuiteSpec):
        return False
    name = checked.name
    if name in members.entries:
        labels = ((place, "listed again here"), (members.places[name], "first listed here"))
        helps = [f"to let it count twice, give it a weight: `{name} weight 2`"]
        report.add("E0506", f"`{name}` is in this suite twice", *labels, helps=helps)
        return False
    members.places[name] = place
    if isinstance(checked, TaskSpec):
        members.entries[name] = Entry(weight=weight, task=checked, aggregate=None)
        return _add_task(checked, weight, members, node, scope)
    chosen = _standing_for(checked)
    if chosen is None:
        helps = ["give it one aggregate, or one that is named `overall`"]
        report.add("E0506", f"it is not clear which number stands for the suite `{name}`", place, helps=helps)
        return False
    # The aggregates of a suite inside this one keep their place before those that may use them.
    renamed = {aggregate.name: f"{name}.{aggregate.name}" for aggregate in checked.aggregates}
    for aggregate in checked.aggregates:
        over = tuple(renamed.get(entry, entry) for entry in aggregate.tasks)
        members.inner.append(attrs.evolve(aggregate, name=renamed[aggregate.name], tasks=over))
    members.entries[name] = Entry(weight=weight, task=None, aggregate=chosen)
    # Every one of them, so that all that is wrong is said at once.
    added = [_add_task(task, inner, members, node, scope) for task, inner in checked.members]
    return all(added)


def _add_task(task: TaskSpec, weight: float, members: _Members, node: tree.MemberNode, scope: Scope) -> bool:
    before = members.tasks.get(task.name)
    if before is not None and before[0].qualified != task.qualified:
        title = f"two tasks named `{task.name}` would be in this suite"
        scope.report.add("E0506", title, node.task.place, (before[0].place, "one"), (task.place, "the other"))
        return False
    members.tasks.setdefault(task.name, (task, weight))
    return True


def _standing_for(suite: SuiteSpec) -> Aggregate | None:
    own = [aggregate for aggregate in suite.aggregates if "." not in aggregate.name]
    named = [aggregate for aggregate in own if aggregate.name == "overall"]
    return named[0] if named else own[0] if len(own) == 1 else None


def _read_aggregates(nodes: list[tree.AggregateNode], members: _Members, scope: Scope) -> list[Aggregate] | None:
    """The suite's own aggregates; None after reporting."""
    first: dict[str, tree.AggregateNode] = {}
    found: list[Aggregate] = []
    clean = True
    # A suite inside this one is written by its name, and stands in the plan as its aggregate.
    stands = {name: f"{name}.{e.aggregate.name}" for name, e in members.entries.items() if e.aggregate is not None}
    for node in nodes:
        name = node.name.name
        before = first.setdefault(name, node)
        if before is not node or name in members.tasks:
            where = before.name.place if before is not node else members.tasks[name][0].place
            title = f"`{name}` names two things in this suite"
            scope.report.add("E0203", title, (node.name.place, "an aggregate"), (where, "first here"))
            clean = False
            continue
        aggregate = read_aggregate(node, members.entries, scope)
        if aggregate is None:
            clean = False
        else:
            over = tuple(stands.get(entry, entry) for entry in aggregate.tasks)
            found.append(attrs.evolve(aggregate, tasks=over))
    return found if clean else None


def _read_slices(nodes: list[tree.SliceReport], members: _Members, scope: Scope) -> tuple[tuple[str, ...], int]:
    """Which slices are reported, and the smallest group that is shown."""
    known: dict[str, None] = {}
    for task, _ in members.tasks.values():
        if task.rows.dataset is not None:
            known.update(dict.fromkeys(rule.name for rule in task.rows.dataset.slices))
    names: list[str] = []
    smallest = 1
    for node in nodes:
        for value in node.slices.entries:
            name = value.path.dotted if isinstance(value, tree.Call) else ""
            if name not in known:
                close = nearest(name, known)
                there = f"slices of its datasets: {', '.join(known) or 'none'}"
                helps = [f"did you mean `{close}`?"] if close else [there]
                scope.report.add("E0201", f"no dataset of this suite has a slice `{name}`", value.place, helps=helps)
            elif name not in names:
                names.append(name)
        settings = settings_of(node.settings, ("min_n",), "`report slices`", scope.report)
        if "min_n" in settings:
            found = read_value(settings["min_n"].value, Rule("min_n", "int"), scope.report)
            smallest = found if found is not ABSENT else smallest
    return tuple(names), smallest


def _interval(setting: tree.Setting | None, scope: Scope) -> Interval:
    if setting is None:
        return Interval()
    value = setting.value
    name = value.path.dotted if isinstance(value, tree.Call) else ""
    if name not in INTERVALS or not isinstance(value, tree.Call):
        close = nearest(name, INTERVALS) if name else None
        helps = [f"did you mean `{close}`?"] if close else [f"intervals: {', '.join(INTERVALS)}"]
        scope.report.add(
            "E0201",
            f"cannot find an interval named `{name}`" if name else "this is no interval",
            value.place,
            helps=helps,
        )
        return Interval()
    found = {k: v for k, v in read_arguments(value, INTERVALS[name], scope.report).items() if v is not ABSENT}
    if not 0.5 <= found.get("level", 0.95) < 1:
        scope.report.add("E0301", "`level` lies between 0.5 and 1", value.place)
    if not 100 <= found.get("resamples", 1000) <= 1_000_000:
        scope.report.add("E0301", "`resamples` lies between 100 and 1,000,000", value.place)
    return Interval(method=name, **found)
