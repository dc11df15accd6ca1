"""Whether a metric fits what it is given: types, settings that name a case, what the reader offers, unread rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from medspec.check.answers import AnswerSpec
from medspec.check.arguments import ABSENT
from medspec.check.scope import Scope
from medspec.check.spec import RecordSpec
from medspec.metrics import METRICS
from medspec.metrics.base import Metric
from medspec.metrics.patterns import AbstainOf
from medspec.metrics.selection import fields_of, select_type
from medspec.readers import READERS
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import AbstainType, Type

MOST_PROPOSED = 4
"""So many metrics are proposed where one does not fit."""


@attrs.frozen
class Compared:
    """What the metrics of a task compare: its answer and the gold field, and what becomes of unread rows.

    `verdict` is where the type of a judge's verdict stands, for metrics that look at one in the place of the answer.
    """

    answer: AnswerSpec
    gold: Type
    gold_name: str
    gold_place: Place
    unread: str
    record: RecordSpec
    verdict: Place | None = None

    @property
    def looks_at(self) -> str:
        """What a metric of one value looks at, in words."""
        return "the answer" if self.verdict is None else "the verdict"

    @property
    def type(self) -> Type:
        return self.answer.use.answer


def check_fit(
    metric: Metric,
    call: tree.Call,
    types: Mapping[str, Type],
    settings: Mapping[str, Any],
    given: Compared,
    scope: Scope,
) -> bool:
    """Whether `metric` can be computed of inputs of these `types`; reports E0501, E0301, E0503 and E0510."""
    mismatches = metric.signature.mismatches(types)
    if mismatches:
        _report_mismatch(metric, call, types, mismatches, given, scope)
        return False
    return (
        _check_cases(metric, call, types, settings, scope)
        and _check_facets(metric, call, types, given, scope)
        and _check_unread(metric, call, types, given, scope)
    )


def _report_mismatch(
    metric: Metric,
    call: tree.Call,
    types: Mapping[str, Type],
    mismatches: Mapping[str, str],
    given: Compared,
    scope: Scope,
) -> None:
    whose = {"pred": "the answer", "gold": f"`{given.gold_name}`", "value": given.looks_at}
    got = {name: f"`{types[name].spelled}`" for name in mismatches}
    width = max(len(text) for text in got.values())
    lines = [
        f"  {name:<5}  got {got[name]:<{width}}, needs {needed}      (mismatch in {whose[name]})"
        for name, needed in mismatches.items()
    ]
    first = next(iter(mismatches))
    label = (
        (given.gold_place, f"reference is `{given.gold.spelled}`")
        if first == "gold"
        else (given.answer.place, f"answer is `{given.type.spelled}`")
        if given.verdict is None
        else (given.verdict, f"what is taken of the verdict is `{types['value'].spelled}`")
    )
    fits_not = "reference" if first == "gold" else "answer" if given.verdict is None else "verdict"
    scope.report.add(
        "E0501",
        f"`{metric.name}` does not fit this {fits_not}",
        (call.path.place, f"needs {mismatches[first]}"),
        label,
        notes=[metric.signature.spelled(metric.name), *lines],
        helps=_proposals(metric, types, given) if given.verdict is None else [],
    )


def _proposals(metric: Metric, types: Mapping[str, Type], given: Compared) -> list[str]:
    """What could be written instead: the metric on a field, or up to four others that fit."""
    if metric.signature.value is not None:
        return []
    if isinstance(metric.signature.pred, AbstainOf) and not isinstance(given.type, AbstainType):
        return [f"let the model abstain: `answer {given.type.spelled} or abstain`"]
    helps = []
    for field in fields_of(given.type):
        answer, gold = select_type(given.type, (field,)), select_type(given.gold, (field,))
        if answer is None or gold is None or metric.signature.mismatches({"pred": answer, "gold": gold}):
            continue
        helps.append(f"compare one field: `{metric.name} on {field}`")
        break
    fitting = [
        f"`{other.name}`"
        for other in METRICS
        if other.signature.value is None
        and other.signature.needs <= given.answer.reader.offers
        and not other.signature.mismatches(types)
    ]
    if fitting:
        shown = f"({types['pred'].spelled}, {types['gold'].spelled})"
        helps.append(f"metrics that accept {shown}: {', '.join(fitting[:MOST_PROPOSED])}")
    return helps


def _check_cases(
    metric: Metric, call: tree.Call, types: Mapping[str, Type], settings: Mapping[str, Any], scope: Scope
) -> bool:
    """Settings that name a case name one of the answer's own."""
    for setting in metric.settings:
        value, type_ = settings.get(setting.name), types["pred"]
        if setting.kind != "case" or value is ABSENT or type_.kind == "unknown":
            continue
        cases = [case.name for case in getattr(type_, "cases", ())]
        if (type_.kind == "bool" and isinstance(value, bool)) or value in cases:
            continue
        argument = next(a for a in call.arguments or () if a.name is None or a.name.name == setting.name)
        close = nearest(str(value), cases)
        helps = [f"did you mean `{close}`?"] if close else []
        title = f"`{setting.name}` is one of {', '.join(cases) or 'true, false'}"
        scope.report.add("E0301", title, (argument.place, f"no value of `{type_.spelled}`"), helps=helps)
        return False
    return True


def _check_facets(metric: Metric, call: tree.Call, types: Mapping[str, Type], given: Compared, scope: Scope) -> bool:
    reader = given.answer.reader
    for facet in sorted(metric.signature.needs - reader.offers):
        offering = [other.name for other in READERS if facet in other.offers and other.produces(types["pred"])]
        scope.report.add(
            "E0503",
            f"`{metric.name}` needs {_FACETS[facet]}, and `{reader.name}` gives none",
            (call.path.place, f"needs `{facet}`"),
            (given.answer.reader_place, _READS.get(reader.asks, "does not offer it")),
            helps=[
                f"read the options by likelihood: `answer {given.answer.place.text} via {offering[0]}`; "
                "this asks the model for logits"
            ]
            if offering
            else [],
        )
        return False
    return True


_FACETS = {"confidence": "a probability for each option"}
_READS = {"text": "reads the text of the reply"}


def _check_unread(metric: Metric, call: tree.Call, types: Mapping[str, Type], given: Compared, scope: Scope) -> bool:
    """Under the policy `worst` an unread row has a worst value. There is none where a range is open."""
    lacks = metric.worst_of(types) if metric.worst_of is not None and given.unread == "worst" else None
    if lacks is None or types["pred"].kind == "unknown":
        return True
    ranged = {"int": "int(0..100)", "float": "float(0..100)"}.get(types["pred"].kind)
    scope.report.add(
        "E0510",
        f"`{metric.name}` has no value for an unread row here",
        (call.path.place, f"an unread row counts as {metric.unread}"),
        (given.verdict or given.answer.place, f"`{types['pred'].spelled}` has no {lacks.removeprefix('a ')}"),
        helps=[
            *([f"say what {given.looks_at} can be, such as `{ranged}`"] if ranged else []),
            "or leave unread rows out, and say so: `unread = skip`",
        ],
    )
    return False
