"""Metrics of a task: what each looks at, is exactly one primary, has each a name of its own.

accuracy                    answer and gold
set_f1 on label             a field of both, lifted through lists
mean(answer.severity)       one value per row: the answer, or a field of it
mean(grade(answer).score)   one value per row: what a judge says of it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.answers import AnswerSpec
from medspec.check.arguments import ABSENT, read_arguments, rules_of
from medspec.check.metric_fields import check_fields, take_fields
from medspec.check.metric_fit import Compared, check_fit
from medspec.check.metric_names import named_entries
from medspec.check.scope import Missing, Scope
from medspec.check.spec import RecordSpec
from medspec.check.verdicts import JudgeCalls
from medspec.metrics import find_metric
from medspec.metrics.abstained import seen_type
from medspec.metrics.base import Metric, Range
from medspec.metrics.selection import fields_of, select_type
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.nodes import AnswerValue, Score
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import Type

if TYPE_CHECKING:
    from medspec.check.tasks import Clause


def read_metrics(
    clause: Clause,
    answer: AnswerSpec | None,
    record: RecordSpec | None,
    gold: str | None,
    unread: str,
    judges: JudgeCalls | None,
) -> tuple[Score, ...] | None:
    """The metrics of a task, whose policy for unread rows is `unread`; None after reporting.

    `judges` reads calls of judges, and keeps them; None where the answer is not known.
    """
    node, scope = clause.node, clause.scope
    assert isinstance(node, tree.Metrics)
    scores: list[Score] = []
    labels: dict[str, tree.MetricNode] = {}
    refused: set[str] = set()
    entries = named_entries(node, scope)
    found = [scope.find_metric(entry.metric.path) for entry in entries]
    missing = len(entries) < len(node.entries) or any(isinstance(metric, Missing) for metric in found)
    clean = not missing
    for index, (entry, metric) in enumerate(zip(entries, found, strict=True)):
        if isinstance(metric, Missing):
            continue
        # `f1 other` is `f1 as other` or `f1 on other` with a word missing: that `other` is no metric is told already.
        cut_off = isinstance(next(iter(found[index + 1 :]), None), Missing)
        compared = None
        if not cut_off and answer is not None and record is not None and gold is not None:
            field = record.type.field(gold)
            assert field is not None
            compared = Compared(answer, field.type, f"{record.name}.{gold}", record.place_of(gold), unread, record)
        score = _read_score(metric, entry, compared, judges, scope)
        clean &= score is not None
        label = entry.label.name if entry.label else metric.name
        # A metric that was refused may be there by mistake, and its name with it.
        refused |= {label} if score is None else set()
        if label in labels and not cut_off and label not in refused:
            again = (entry.place, "the same name again")
            helps = [f"give it another name: `{entry.metric.place.text} as other_name`"]
            scope.report.add(
                "E0505", f"two metrics are named `{label}`", again, (labels[label].place, "first"), helps=helps
            )
            clean = False
        labels[label] = entry
        if score is not None:
            scores.append(attrs.evolve(score, label=label))
    # What is not a metric may be the word `primary`, misspelt.
    clean &= missing or _check_primary(node, scope)
    return tuple(scores) if clean else None


def compares(clause: Clause) -> bool:
    """Whether any metric of a task compares answer and gold. Where none does, the gold may be a rubric for a judge.

    A name that is no metric says nothing beside one that is: it has a message of its own.
    """
    assert isinstance(clause.node, tree.Metrics)
    found = [find_metric(entry.metric.path.parts[-1].name) for entry in clause.node.entries]
    known = [metric for metric in found if metric is not None]
    return not known or any(metric.signature.gold is not None for metric in known)


def range_of(score: Score) -> Range:
    """What a checked metric yields."""
    return Range(score.low, score.high, score.higher_is_better)


def needs_encoder(score: Score) -> bool:
    """Whether a checked metric names a model that encodes texts."""
    metric = find_metric(score.metric)
    return metric is not None and metric.encoder(dict(score.settings)) is not None


@attrs.frozen(kw_only=True)
class _Taken:
    """The value a metric takes of each row, its type (None: not known), the call without it, and what messages show."""

    value: AnswerValue | VerdictValue
    type: Type | None
    call: tree.Call
    compared: Compared | None


def _read_score(
    metric: Metric, entry: tree.MetricNode, compared: Compared | None, judges: JudgeCalls | None, scope: Scope
) -> Score | None:
    """One metric without its label; None after reporting. `compared` is None where the answer is not known."""
    call = entry.metric
    if not _is_call_of(metric, call, scope):
        return None
    taken: _Taken | None = None
    on: tuple[str, ...] = ()
    if metric.signature.value is not None:
        taken = _take_value(metric, entry, compared, judges, scope)
        if taken is None:
            return None
        call, compared = taken.call, taken.compared
    elif entry.on is not None:
        on = tuple(part.name for part in entry.on.parts)
        if compared is not None and not _can_select(on, entry.on.place, compared, scope):
            return None
    settings = read_arguments(call, rules_of(metric.settings), scope.report, values=scope.values)
    fields = take_fields(metric, settings)
    clean = ABSENT not in settings.values()
    yields = Range(None, None)
    if compared is not None:
        answer, gold = (
            (taken.type, taken.type)
            if taken is not None
            else (select_type(compared.type, on), select_type(compared.gold, on))
        )
        assert answer is not None and gold is not None
        answer = seen_type(metric.signature, answer, gold if taken is None else None)
        types: dict[str, Type] = {"pred": answer, "gold": gold, "value": answer}
        clean = check_fit(metric, call, types, settings, compared, scope) and clean
        clean = check_fields(fields, call, compared.record, answer, scope) and clean
        if clean:
            yields = metric.signature.range_for(types, settings)
    if not clean:
        return None
    return Score(
        label=metric.name,
        metric=metric.name,
        settings=tuple(settings.items()),
        version=metric.signature.version,
        primary=entry.is_primary,
        on=on,
        value=taken.value if taken is not None else None,
        low=yields.low,
        high=yields.high,
        higher_is_better=yields.higher_is_better,
        fields=fields,
    )


def _is_call_of(metric: Metric, call: tree.Call, scope: Scope) -> bool:
    """Whether nothing stands in the call that no metric has, or only one that takes a value; reports E0511."""
    judged = [a for a in call.arguments or () if isinstance(a.value, tree.Call) and a.value.arguments is not None]
    if call.member:
        title = f"`{metric.name}` is one number and has no fields"
        helps = [f"name the field inside: `{metric.name}(JUDGE(answer).{call.member[0].name})`"]
        scope.report.add("E0511", title, call.member[0].place, helps=helps)
    elif judged and metric.signature.value is None:
        title = f"`{metric.name}` compares answer and gold, and takes no verdict"
        helps = [f"take the mean of it: `mean({judged[0].place.text})`"]
        scope.report.add("E0511", title, judged[0].place, helps=helps)
    else:
        return True
    return False


def _take_value(
    metric: Metric, entry: tree.MetricNode, compared: Compared | None, judges: JudgeCalls | None, scope: Scope
) -> _Taken | None:
    """The value a metric such as `mean` takes of each row; None after reporting."""
    arguments = entry.metric.arguments or ()
    given = next((a for a in arguments if a.name is None or a.name.name == "value"), None)
    helps = [
        f"write `{metric.name}(answer)`, a field of it, `{metric.name}(answer.FIELD)`, "
        f"or ask a judge: `{metric.name}(JUDGE(answer))`"
    ]
    if entry.on is not None:
        title = f"`{metric.name}` takes one value and compares nothing, so there is nothing to select with `on`"
        helps = [f"name the field instead: `{metric.name}(answer.{entry.on.dotted})`"]
        scope.report.add("E0511", title, entry.on.place, helps=helps)
        return None
    if given is None:
        scope.report.add("E0211", f"`{metric.name}` needs a value", entry.metric.place, helps=helps)
        return None
    value = given.value
    points = _points_of(metric, arguments)
    others = tuple(argument for argument in arguments if argument is not given and argument is not points)
    rest = attrs.evolve(entry.metric, arguments=others)
    if isinstance(value, tree.Call) and value.arguments is not None:
        if judges is None:
            return None  # the answer has a mistake, and a judge is shown the answer
        read = judges.read(value, given.comprehension, scope, points)
        if read is None:
            return None
        verdict, judging, type_ = read
        compared = None if compared is None else attrs.evolve(compared, verdict=judging.verdict_place)
        return _Taken(value=verdict, type=type_, call=rest, compared=compared)
    if given.comprehension is not None:
        title = "only what a judge says is taken for each entry of a list"
        scope.report.add("E0511", title, given.comprehension.place, helps=helps)
        return None
    if not isinstance(value, tree.Call) or value.path.parts[0].name != "answer":
        title = f"`{metric.name}` takes the answer, a field of it, or what a judge says"
        scope.report.add("E0511", title, value.place, helps=helps)
        return None
    path = tuple(part.name for part in value.path.parts[1:])
    if compared is not None and not _can_select(path, value.place, attrs.evolve(compared, gold=compared.type), scope):
        return None
    selected = None if compared is None else select_type(compared.type, path)
    return _Taken(value=AnswerValue(path), type=selected, call=rest, compared=compared)


def _points_of(metric: Metric, arguments: tuple[tree.Argument, ...]) -> tree.Argument | None:
    """The argument that says what an entry is worth, for metrics that weigh entries."""
    weighs = metric.entries in ("all", "counted")
    return next((a for a in arguments if weighs and a.name is not None and a.name.name == "points"), None)


def _can_select(path: tuple[str, ...], place: Place, compared: Compared, scope: Scope) -> bool:
    """Whether both sides have the field; reports E0511."""
    for side, type_ in (("the answer", compared.type), (f"`{compared.gold_name}`", compared.gold)):
        if select_type(type_, path) is not None:
            continue
        fields = fields_of(type_)
        close = nearest(path[0], fields)
        helps = [f"did you mean `{close}`?"] if close else [f"its fields: {', '.join(fields)}"] if fields else []
        label = (compared.answer.place if type_ is compared.type else compared.gold_place, f"{side}: `{type_.spelled}`")
        title = f"{side} has no field `{'.'.join(path)}`"
        scope.report.add("E0511", title, (place, "selects it"), label, helps=helps)
        return False
    return True


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
