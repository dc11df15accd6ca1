"""Settings of metrics that are fields of the row: `within(lower: least, upper: most)`.

The field must be in the record, hold a number (or null) and have the unit of the answer. Such a field says where the right
answer lies, so the prompt of the row that is scored may not show it, as it may not show the gold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from medspec.check.arguments import ABSENT
from medspec.check.scope import Scope
from medspec.check.spec import RecordSpec
from medspec.check.waivers import Waivers
from medspec.metrics.base import Metric
from medspec.plan.nodes import FieldRef, Score
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import OptionalType, Type

if TYPE_CHECKING:
    from medspec.check.tasks import Clause

Fields = tuple[tuple[str, str], ...]


def take_fields(metric: Metric, settings: dict[str, Any]) -> Fields:
    """Those of the settings that are fields of the row, as (setting, field); they are taken out of `settings`."""
    names = [setting.name for setting in metric.settings if setting.kind == "field"]
    found = [(name, settings.pop(name)) for name in names if settings.get(name) is not ABSENT]
    return tuple((name, field) for name, field in found if field is not None)


def check_fields(fields: Fields, call: tree.Call, record: RecordSpec, answer: Type, scope: Scope) -> bool:
    """Whether every field is there and a number of the answer's unit; reports E0408 and E0301."""
    # A list, so that every one of them is told.
    fit = [_check_field(setting, name, call, record, answer, scope) for setting, name in fields]
    return all(fit)


def _check_field(setting: str, name: str, call: tree.Call, record: RecordSpec, answer: Type, scope: Scope) -> bool:
    place = _place_of(setting, name, call)
    field = record.type.field(name)
    if field is None:
        names = [one.name for one in record.type.fields]
        close = nearest(name, names)
        helps = [f"did you mean `{close}`?"] if close else [f"its fields: {', '.join(names)}"]
        label = (record.place, "the record of these rows")
        scope.report.add("E0408", f"`{record.name}` has no field `{name}`", (place, "not a field"), label, helps=helps)
        return False
    type_ = field.type.item if isinstance(field.type, OptionalType) else field.type
    at = (record.place_of(name), f"`{name}` is `{field.type.spelled}`")
    if type_.kind not in ("int", "float", "score", "unknown"):
        scope.report.add("E0301", f"`{setting}` needs a field that holds a number", place, at)
        return False
    units = [getattr(one, "unit", None) for one in (type_, answer)]
    if units[0] != units[1] and "unknown" not in (type_.kind, answer.kind):
        title = f"`{setting}` needs the unit of the answer"
        scope.report.add("E0301", title, (place, f"the answer is `{answer.spelled}`"), at)
        return False
    return True


def _place_of(setting: str, name: str, call: tree.Call) -> Place:
    """Where a call gives a setting."""
    given = [a for a in call.arguments or () if isinstance(a.value, tree.Call) and a.value.path.dotted == name]
    named = [a for a in given if a.name is not None and a.name.name == setting]
    return (named or given)[0].value.place


def report_shown_fields(
    scores: Iterable[Score],
    bindings: Iterable[tuple[str, Any]],
    prompt: Clause | None,
    waivers: Waivers,
    report: Report,
) -> None:
    """E0407 for each field that a metric compares with and that a prompt shows the model under test."""
    shown = {bound.field for _, bound in bindings if isinstance(bound, FieldRef)}
    compared = {field: (score.label, setting) for score in scores for setting, field in score.fields}
    for field in sorted(shown & compared.keys()):
        if prompt is None or waivers.allows("E0407"):
            continue
        place = prompt.node.value.place  # type: ignore[union-attr]
        label, setting = compared[field]
        title = "this prompt shows the model where the right answer lies"
        notes = [f"`{field}` is the `{setting}` of `{label}`"]
        report.add("E0407", title, (place, f"`{field}` reaches the prompt of the model under test"), notes=notes)
