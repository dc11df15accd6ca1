"""Calibration of a judge: rows that people have judged, and how well the judge must agree with them.

    calibrate on judge_gold.test { agreement = quadratic_kappa  at_least = 0.60  gold = rating }

The rows have a field for every parameter of the judge, of the same name, and a label of the verdict's type or of the type
of one of its fields. Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from medspec.check.arguments import Rule
from medspec.check.judge_specs import Calibration
from medspec.check.rows import read_rows
from medspec.check.scope import report_twice, settings_of
from medspec.check.setting_blocks import needs, read_settings
from medspec.check.spec import ParameterSpec, RecordSpec
from medspec.check.types import fits
from medspec.metrics import find_metric
from medspec.syntax import tree
from medspec.text.suggest import nearest
from medspec.types import RecordType, Type

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

LIKE = {"quadratic_kappa": "quadratic_kappa", "kappa": "kappa", "accuracy": "accuracy", "ac1": "kappa"}
"""Statistics of agreement, and the metric that takes what each takes. `ac1` is Gwet's."""

_RULES = (
    Rule("agreement", "word", choices=tuple(LIKE)),
    Rule("at_least", "float", low=-1, high=1),
    Rule("gold", "name", "gold"),
    Rule("field", "name", None),
)
_EXAMPLES = {"agreement": "agreement = quadratic_kappa", "at_least": "at_least = 0.60"}


def read_calibration(
    nodes: Sequence[tree.Calibrate],
    parameters: tuple[ParameterSpec, ...],
    verdict: Type,
    checker: Checker,
    scope: Scope,
) -> Calibration | None:
    """The one `calibrate` clause of a judge; None after reporting."""
    node = nodes[0]
    if len(nodes) > 1:
        report_twice("calibrate", "this judge", node.place, nodes[1].place, scope.report)
    rows = read_rows(node.rows, checker, scope)
    settings = settings_of(node.settings, tuple(rule.name for rule in _RULES), "`calibrate`", scope.report)
    found, clean = read_settings(settings, _RULES, scope.report)
    head = tree.Ident("calibrate", node.rows.place)
    complete = needs(("agreement", "at_least"), settings, node.settings, head, _EXAMPLES, scope.report)
    if rows is None or rows.record is None or not clean or not complete:
        return None
    if not _has_parameters(node, rows.record, parameters, scope):
        return None
    place = settings["gold"].value.place if "gold" in settings else node.rows.place
    label = rows.record.type.field(found["gold"])
    if label is None:
        names = [field.name for field in rows.record.type.fields]
        close = nearest(found["gold"], names)
        helps = [f"did you mean `{close}`?"] if close else ["name the field that holds it: `gold = FIELD`"]
        here = (rows.record.place, f"its fields: {', '.join(names)}")
        title = f"`{rows.record.name}` has no field `{found['gold']}` with what people said"
        scope.report.add("E0408", title, place, here, helps=helps)
        return None
    field = _compared(node, settings, found, label.type, verdict, scope)
    if field is None:
        return None
    return Calibration(
        rows=rows,
        label=label.name,
        field=field,
        agreement=found["agreement"],
        at_least=found["at_least"],
        place=node.rows.place,
    )


def _has_parameters(
    node: tree.Calibrate, record: RecordSpec, parameters: tuple[ParameterSpec, ...], scope: Scope
) -> bool:
    """Whether a row fills every parameter of the judge."""
    for parameter in parameters:
        field = record.type.field(parameter.name)
        if field is None and not parameter.has_default:
            scope.report.add(
                "E0408",
                f"`{record.name}` has no field `{parameter.name}`, which the judge is shown",
                (node.rows.place, "the rows it is calibrated on"),
                (parameter.place, "the judge's parameter"),
                (record.place, f"its fields: {', '.join(field.name for field in record.type.fields)}"),
            )
            return False
        if field is not None and not fits(field.type, parameter.type):
            scope.report.add(
                "E0409",
                f"`{parameter.name}` of these rows does not fit the judge's parameter",
                (node.rows.place, f"the field is `{field.type.spelled}`"),
                (parameter.place, f"the parameter is `{parameter.type.spelled}`"),
                (record.place_of(field.name), "the field"),
            )
            return False
    return True


def _compared(
    node: tree.Calibrate,
    settings: dict[str, tree.Setting],
    found: dict[str, str],
    label: Type,
    verdict: Type,
    scope: Scope,
) -> tuple[str, ...] | None:
    """Which part of the verdict is compared with the label; None after reporting (E0513)."""
    parts: dict[tuple[str, ...], Type] = {(): verdict}
    if isinstance(verdict, RecordType):
        parts = {(field.name,): field.type for field in verdict.fields}
    place = settings["gold"].value.place if "gold" in settings else node.rows.place
    if found["field"] is not None:
        name, at = found["field"], settings["field"].value.place
        if (name,) not in parts:
            close = nearest(name, [path[-1] for path in parts if path])
            helps = [f"did you mean `{close}`?"] if close else []
            scope.report.add("E0513", f"the verdict `{verdict.spelled}` has no field `{name}`", at, helps=helps)
            return None
        parts = {(name,): parts[(name,)]}
    alike = {path: type_ for path, type_ in parts.items() if label == verdict or _same(label, type_)}
    if not alike:
        title = f"the label `{found['gold']}` is `{label.spelled}`, which the verdict is not"
        what = ", ".join(f"`{path[-1]}: {type_.spelled}`" for path, type_ in parts.items() if path)
        label_here = (place, f"the verdict is `{verdict.spelled}`" + (f": {what}" if what else ""))
        scope.report.add("E0513", title, label_here)
        return None
    metric = find_metric(LIKE[found["agreement"]])
    assert metric is not None
    fitting = [path for path, type_ in alike.items() if not metric.signature.mismatches({"pred": type_, "gold": type_})]
    at = settings["agreement"].value.place
    if not fitting:
        shown = ", ".join(f"`{type_.spelled}`" for type_ in alike.values())
        title = f"`{found['agreement']}` says nothing about {shown}"
        scope.report.add("E0513", title, at, helps=[_advice(next(iter(alike.values())))])
        return None
    if len(fitting) > 1:
        names = " or ".join(f"`field = {path[-1]}`" for path in fitting)
        title = f"`{found['agreement']}` could compare several fields of the verdict"
        scope.report.add("E0513", title, at, helps=[f"say which: {names}"])
        return None
    return fitting[0]


def _same(one: Type, other: Type) -> bool:
    return fits(one, other) or fits(other, one)


def _advice(type_: Type) -> str:
    able = [
        name
        for name, like in LIKE.items()
        if (metric := find_metric(like)) is not None and not metric.signature.mismatches({"pred": type_, "gold": type_})
    ]
    return f"for `{type_.spelled}`: {', '.join(able)}" if able else "compare a rating, an enum or yes and no"
