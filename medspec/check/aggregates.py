"""Aggregates of a suite: which scores become one number, and whether they may."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from medspec.check.arguments import ABSENT, Rule, read_arguments
from medspec.check.metrics import range_of
from medspec.check.scope import Scope
from medspec.check.spec import TaskSpec
from medspec.metrics import METRICS
from medspec.metrics.base import FRACTION, Metric, Range
from medspec.metrics.selection import select_type
from medspec.plan.nodes import Aggregate, AnswerValue, Score
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.types import (
    AbstainType,
    BoxType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RecordType,
    SetType,
    SpanType,
    TextType,
    Type,
)

_METRIC = Rule("metric", "name", None)
_RESCALE = Rule("rescale", "word", "none", ("none", "chance"))
METHODS: dict[str, tuple[Rule, ...]] = {
    "mean": (_METRIC, _RESCALE),
    "weighted_mean": (_METRIC, _RESCALE),
    "micro": (_METRIC,),
    "worst": (_METRIC,),
}
"""Ways to aggregate: `micro` weighs each task by its rows, `worst` takes the worst of them."""

CHANCE_KINDS = ("bool", "enum", "choice")
"""Answers for which guessing has a known accuracy."""


@attrs.frozen(kw_only=True)
class Entry:
    """What an aggregate can take: a task, or the aggregate that stands for a suite inside the suite."""

    weight: float
    task: TaskSpec | None
    aggregate: Aggregate | None


def read_aggregate(node: tree.AggregateNode, entries: Mapping[str, Entry], scope: Scope) -> Aggregate | None:
    """One `aggregate NAME = METHOD(...) over [...]`; None after reporting."""
    method = node.method.path.dotted
    if method not in METHODS:
        close = nearest(method, METHODS)
        helps = [f"did you mean `{close}`?"] if close else [f"ways to aggregate: {', '.join(METHODS)}"]
        title = f"cannot find a way to aggregate named `{method}`"
        scope.report.add("E0201", title, node.method.path.place, helps=helps)
        return None
    found = read_arguments(node.method, METHODS[method], scope.report)
    names = list(entries) if node.over is None else _over(node.over, entries, scope)
    if names is None or ABSENT in found.values():
        return None
    aggregate = Aggregate(
        name=node.name.name,
        method=method,
        tasks=tuple(names),
        weights=tuple(entries[name].weight for name in names),
        metric=found["metric"],
        rescale=found.get("rescale", "none"),
    )
    return _checked(aggregate, node, [entries[name] for name in names], scope)


def _checked(aggregate: Aggregate, node: tree.AggregateNode, chosen: list[Entry], scope: Scope) -> Aggregate | None:
    place, report = node.method.place, scope.report
    title = f"`{node.name.name}` mixes scores that cannot be averaged"
    kinds: set[tuple[float | None, float | None, bool]] = set()
    for name, entry in zip(aggregate.tasks, chosen, strict=True):
        if entry.task is None:
            assert entry.aggregate is not None
            if aggregate.metric is not None or aggregate.method == "micro" or aggregate.rescale != "none":
                report.add("E0506", f"`{name}` is a suite, which counts with its own aggregate", place)
                return None
            kinds.add((0.0, 1.0, entry.aggregate.higher_is_better))
            continue
        score = _score_of(entry.task, aggregate.metric)
        if score is None:
            labels = ", ".join(score.label for score in entry.task.scores)
            close = f"`{entry.task.name}` has: {labels}"
            report.add("E0506", f"`{entry.task.name}` has no metric `{aggregate.metric}`", place, helps=[close])
            return None
        metric, yields = _metric_of(score), range_of(score)
        if yields.low is None or yields.high is None:
            rest = ", ".join(other for other in aggregate.tasks if other != name)
            label = (place, f"the score of `{name}` has no known end on both sides")
            report.add("E0506", title, label, helps=[f"leave it out: `over [{rest}]`"] if rest else [])
            return None
        if aggregate.method == "micro" and metric.signature.grain != "per row":
            label = (place, f"`{metric.name}` of `{name}` is no mean over rows")
            report.add("E0506", "only metrics of single rows can be pooled over rows", label, helps=["write `mean()`"])
            return None
        if aggregate.rescale == "chance":
            if not _has_chance(entry.task, score, metric):
                rest = ", ".join(other for other in aggregate.tasks if other != name)
                label = (place, f"`{metric.name}` of `{name}` has no known value for guessing")
                helps = [f"leave it out: `over [{rest}]`"] if rest else []
                report.add("E0506", "these scores cannot be rescaled by chance", label, helps=helps)
                return None
            yields = FRACTION  # the share of the way from guessing to the best value
        kinds.add((yields.low, yields.high, yields.higher_is_better))
    if len(kinds) > 1:
        report.add("E0506", title, (place, "its scores have different ranges or directions"))
        return None
    return attrs.evolve(aggregate, higher_is_better=all(kind[2] for kind in kinds))


def _score_of(task: TaskSpec, label: str | None) -> Score | None:
    """The task's primary metric, or the one with this label."""
    return next((s for s in task.scores if (s.primary if label is None else s.label == label)), None)


def _metric_of(score: Score) -> Metric:
    return next(metric for metric in METRICS if metric.name == score.metric)


def _has_chance(task: TaskSpec, score: Score, metric: Metric) -> bool:
    """Whether it is known what guessing gets: the accuracy of a guess, or the low end where there is nothing to guess from."""
    answer = task.reader.answer
    if answer.kind in CHANCE_KINDS:
        return metric.name == "accuracy"
    if isinstance(score.value, AnswerValue) or not score.higher_is_better:
        return False
    if score.value is None and (score.low, score.high) != (0.0, 1.0):
        return False  # where values go below 0, what a guess gets lies somewhere between the ends
    compared = select_type(answer, score.on)
    return compared is not None and _is_open(compared)


def _is_open(type_: Type) -> bool:
    """Whether values of `type_` are so many that a guess is as good as never right."""
    match type_:
        case TextType() | FloatType() | SpanType() | BoxType():
            return True
        case IntegerType(low, high):
            return low is None or high is None
        case RecordType(_, fields):
            return any(_is_open(field.type) for field in fields)
        case ListType() | SetType() | OptionalType() | AbstainType():
            return _is_open(type_.item)
    return False


def _over(node: tree.ListValue, entries: Mapping[str, Entry], scope: Scope) -> list[str] | None:
    names: list[str] = []
    for value in node.entries:
        name = value.path.parts[-1].name if isinstance(value, tree.Call) else ""
        if name not in entries:
            close = nearest(name, entries)
            helps = [f"did you mean `{close}`?"] if close else [f"its members: {', '.join(entries)}"]
            title = f"`{name}` is no member of this suite" if name else "this is no task"
            scope.report.add("E0506", title, value.place, helps=helps)
            return None
        if name in names:
            scope.report.add("E0506", f"`{name}` is listed twice", value.place)
            return None
        names.append(name)
    if not names:
        scope.report.add("E0506", "there is nothing to aggregate", node.place)
        return None
    return names


def primary_range(task: TaskSpec) -> Range:
    """What a task's primary metric yields."""
    score = _score_of(task, None)
    assert score is not None
    return range_of(score)
