"""Metrics of a task: does each fit the answer, is exactly one primary, has each a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.check.answers import AnswerSpec
from medspec.check.arguments import ABSENT, read_arguments, rules_of
from medspec.check.scope import Missing, Scope
from medspec.metrics import METRICS
from medspec.metrics.base import Metric
from medspec.plan.nodes import Score
from medspec.readers import READERS
from medspec.syntax import tree

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.tasks import Clause


def read_metrics(clause: Clause, answer: AnswerSpec | None, checker: Checker) -> tuple[Score, ...] | None:
    """The metrics of a task; None after reporting."""
    node, scope = clause.node, clause.scope
    assert isinstance(node, tree.Metrics)
    scores: list[Score] = []
    labels: dict[str, tree.MetricNode] = {}
    clean = True
    for entry in node.entries:
        metric = scope.find_metric(entry.metric.path)
        if isinstance(metric, Missing):
            clean = False
            continue
        settings = read_arguments(entry.metric, rules_of(metric.settings), scope.report, values=scope.values)
        clean &= ABSENT not in settings.values()
        clean &= answer is None or _check_fit(metric, entry, answer, scope)
        label = entry.label.name if entry.label else metric.name
        if label in labels:
            again = (entry.place, "the same name again")
            helps = [f"give it another name: `{metric.name} as other_name`"]
            scope.report.add(
                "E0505", f"two metrics are named `{label}`", again, (labels[label].place, "first"), helps=helps
            )
            clean = False
        labels[label] = entry
        scores.append(
            Score(
                label=label,
                metric=metric.name,
                settings=tuple(settings.items()),
                version=metric.signature.version,
                primary=entry.is_primary,
            )
        )
    clean &= _check_primary(node, scope)
    return tuple(scores) if clean else None


def _check_primary(node: tree.Metrics, scope: Scope) -> bool:
    primary = [entry for entry in node.entries if entry.is_primary]
    if len(primary) == 1:
        return True
    if not node.entries:
        scope.report.add("E0504", "this task has no metric", node.place, helps=["write `metrics { primary accuracy }`"])
    elif not primary:
        first = node.entries[0].metric.path.dotted
        helps = [f"mark the one that stands for the task: `primary {first}`"]
        scope.report.add(
            "E0504", "no metric is primary", (node.place, "which of these is the score of the task?"), helps=helps
        )
    else:
        labels = [(entry.place, "primary") for entry in primary[1::-1]]
        scope.report.add("E0504", "two metrics are primary", *labels, helps=["the score of a task is one number"])
    return False


def _check_fit(metric: Metric, entry: tree.MetricNode, answer: AnswerSpec, scope: Scope) -> bool:
    type_ = answer.use.answer
    variable = metric.signature.variable
    if not variable.accepts(type_):
        needs = {"closed": "a closed type (bool, enum or choice)", "number": "a number"}
        fitting = [f"`{other.name}`" for other in METRICS if other.signature.variable.accepts(type_)]
        scope.report.add(
            "E0501",
            f"`{metric.name}` does not fit this answer",
            (entry.metric.path.place, f"needs {needs.get(variable.needs, variable.needs)}"),
            (answer.place, f"answer is `{type_.spelled}`"),
            notes=[metric.signature.spelled(metric.name)],
            helps=[f"metrics that accept `{type_.spelled}`: {', '.join(fitting)}"] if fitting else [],
        )
        return False
    for facet in sorted(metric.signature.needs - answer.reader.offers):
        offering = [reader.name for reader in READERS if facet in reader.offers and reader.produces(type_)]
        scope.report.add(
            "E0503",
            f"`{metric.name}` needs {facet}, and `{answer.reader.name}` gives none",
            (entry.metric.path.place, f"needs `{facet}`"),
            (answer.reader_place, "does not offer it"),
            helps=[f"read the answer with `{offering[0]}`"] if offering else [],
        )
        return False
    return True
