"""Suites: which tasks, how they are put into one number, and which interval is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.arguments import ABSENT, Rule, read_arguments, read_version
from medspec.check.scope import Missing, Scope, settings_of
from medspec.check.spec import SuiteSpec, TaskSpec, TemplateSpec
from medspec.metrics import METRICS
from medspec.metrics.base import Range
from medspec.plan.nodes import Aggregate, Interval
from medspec.syntax import tree
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker

METHODS = ("mean", "weighted_mean", "worst")
_LEVEL = Rule("level", "float", 0.95)
INTERVALS: dict[str, tuple[Rule, ...]] = {
    "wilson": (_LEVEL,),
    "bootstrap": (Rule("resamples", "int", 1000), _LEVEL, Rule("seed", "int", 7)),
}


def check_suite(declaration: tree.SuiteDecl, checker: Checker, scope: Scope) -> SuiteSpec | None:
    settings = settings_of(
        tuple(clause for clause in declaration.clauses if isinstance(clause, tree.Setting)),
        ("interval",),
        "a suite",
        scope.report,
    )
    entries = [e for clause in declaration.clauses if isinstance(clause, tree.Members) for e in clause.entries]
    if not entries:
        helps = ["write `tasks { first_task  second_task }`"]
        scope.report.add("E0506", "this suite has no tasks", declaration.name.place, helps=helps)
        return None
    members = _members(entries, checker, scope)
    aggregates = []
    names: dict[str, tree.AggregateNode] = {}
    for clause in declaration.clauses:
        if isinstance(clause, tree.AggregateNode):
            first = names.setdefault(clause.name.name, clause)
            if first is not clause:
                label = (clause.name.place, "again here")
                title = f"`{clause.name.name}` is an aggregate twice"
                scope.report.add("E0203", title, label, (first.name.place, "first here"))
            elif members is not None:
                aggregates.append(_aggregate(clause, members, scope))
    interval = _interval(settings.get("interval"), scope)
    if members is None or None in aggregates:
        return None
    return SuiteSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        version=read_version(declaration.version, scope.report),
        members=tuple(members.values()),
        aggregates=tuple(aggregate for aggregate in aggregates if aggregate is not None),
        interval=interval,
    )


def _members(
    entries: list[tree.MemberNode], checker: Checker, scope: Scope
) -> dict[str, tuple[TaskSpec, float]] | None:
    """Tasks with their weights, by the name they have in this suite; None after reporting."""
    members: dict[str, tuple[TaskSpec, float]] = {}
    clean = True
    for entry in entries:
        found = scope.find(entry.task, "task", kinds=(tree.TaskDecl,))
        task = None if isinstance(found, Missing) else checker.checked(found.module, found.declaration)
        if isinstance(task, TemplateSpec):
            label = (task.place, "a task with parameters")
            helps = [f"make a task from it: `task NAME = {task.name}(...)`"]
            scope.report.add("E0209", f"`{entry.task.dotted}` is a template", entry.task.place, label, helps=helps)
            task = None
        weight = float(entry.weight.number) if entry.weight else 1.0
        if entry.weight and weight <= 0:
            scope.report.add("E0301", "a weight is greater than 0", entry.weight.place)
        if task is None:
            clean = False
        elif task.name in members:
            first = next(other for other in entries if other.task.parts[-1].name == entry.task.parts[-1].name)
            labels = [(entry.task.place, "listed again here"), (first.task.place, "first listed here")]
            helps = [f"to let it count twice, give it a weight: `{entry.task.dotted} weight 2`"]
            scope.report.add("E0506", f"`{task.name}` is in this suite twice", *labels, helps=helps)
            clean = False
        else:
            members[task.name] = (task, weight)
    return members if clean else None


def _aggregate(node: tree.AggregateNode, members: dict[str, tuple[TaskSpec, float]], scope: Scope) -> Aggregate | None:
    method = node.method.path.dotted
    if method not in METHODS:
        close = nearest(method, METHODS)
        helps = [f"did you mean `{close}`?"] if close else [f"ways to aggregate: {', '.join(METHODS)}"]
        scope.report.add(
            "E0201", f"cannot find a way to aggregate named `{method}`", node.method.path.place, helps=helps
        )
        return None
    read_arguments(node.method, (), scope.report)
    tasks = list(members) if node.over is None else _over(node.over, members, scope)
    if tasks is None:
        return None
    ranges = {name: primary_range(members[name][0]) for name in tasks}
    kinds = {(r.low, r.high, r.higher_is_better) for r in ranges.values()}
    open_ended = [name for name, r in ranges.items() if r.low is None or r.high is None]
    if open_ended:
        helps = [f"leave it out: `over [{', '.join(name for name in tasks if name not in open_ended)}]`"]
        label = (node.method.place, "needs primary scores with two known ends")
        scope.report.add("E0506", f"`{node.name.name}` mixes scores that cannot be averaged", label, helps=helps)
        return None
    if len(kinds) > 1:
        label = (node.method.place, "its tasks' primary scores have different ranges or directions")
        scope.report.add("E0506", f"`{node.name.name}` mixes scores that cannot be averaged", label)
        return None
    return Aggregate(name=node.name.name, method=method, tasks=tuple(tasks))


def _over(node: tree.ListValue, members: dict[str, tuple[TaskSpec, float]], scope: Scope) -> list[str] | None:
    names = []
    for entry in node.entries:
        name = ""
        if isinstance(entry, tree.Call) and entry.arguments is None:
            found = scope.find(entry.path, "task", kinds=(tree.TaskDecl,))
            if isinstance(found, Missing):
                return None
            name = found.declaration.name.name  # type: ignore[union-attr]
        if name not in members:
            close = nearest(name, members)
            helps = [f"did you mean `{close}`?"] if close else [f"its tasks: {', '.join(members)}"]
            scope.report.add(
                "E0506", f"`{name}` is no task of this suite" if name else "this is no task", entry.place, helps=helps
            )
            return None
        if name in names:
            scope.report.add("E0506", f"`{name}` is listed twice", entry.place)
            return None
        names.append(name)
    if not names:
        scope.report.add("E0506", "there is nothing to aggregate", node.place)
        return None
    return names


def primary_range(task: TaskSpec) -> Range:
    """What a task's primary metric yields."""
    primary = next(score for score in task.scores if score.primary)
    return next(metric for metric in METRICS if metric.name == primary.metric).signature.yields


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
