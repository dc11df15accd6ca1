"""Examples: tests of the spec itself. One row, one canned reply, what must come of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from medspec.check.metrics import needs_encoder, range_of
from medspec.check.scope import Missing, Scope, meant, settings_of
from medspec.check.spec import ExampleSpec, TaskSpec, TemplateSpec
from medspec.check.types import canonical
from medspec.plan.judge_nodes import VerdictValue
from medspec.plan.nodes import FieldRef
from medspec.readers import READERS
from medspec.readers.base import Reader, Unread
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import AbstainType, EnumType, FieldType, Misfit, RecordType, SpanType, Type, anchors
from medspec.types.abstention import WORD

if TYPE_CHECKING:
    from medspec.check.checker import Checker

_SETTINGS = ("row", "reply", "expect")


def check_example(declaration: tree.ExampleDecl, checker: Checker, scope: Scope) -> ExampleSpec | None:
    found = scope.find(declaration.task, "task", kinds=(tree.TaskDecl,))
    task = None if isinstance(found, Missing) else checker.checked(found.module, found.declaration)
    if isinstance(task, TemplateSpec):
        scope.report.add("E0209", f"`{declaration.task.dotted}` is a template", declaration.task.place)
        return None
    settings = settings_of(declaration.settings, _SETTINGS, "an example", scope.report)
    if task is None:
        return None
    for key in _SETTINGS:
        if key not in settings:
            if key in meant(declaration.settings, _SETTINGS):
                return None
            scope.report.add("E0210", f"this example does not say its `{key}`", declaration.title.place)
            return None
    row = _row(settings["row"].value, task, scope)
    reply = _reply(settings["reply"].value, task, row, scope)
    expected = _expect(settings["expect"].value, task, row, scope)
    if row is None or reply is None or expected is None:
        return None
    expects_answer, answer, scores = expected
    return ExampleSpec(
        name=declaration.title.text,
        module=scope.module.name,
        place=declaration.title.place,
        doc=declaration.doc,
        task=task,
        row=row,
        reply=reply,
        expects_answer=expects_answer,
        answer=answer,
        scores=scores,
    )


def needed_fields(task: TaskSpec) -> tuple[str, ...]:
    """The fields of a row that a task's prompt, answer and gold look at."""
    names = [bound.field for _, bound in task.bindings if isinstance(bound, FieldRef)] + [task.gold]
    record = task.rows.record
    gold = record.type.field(task.gold) if record is not None else None
    names += sorted(anchors(canonical(task.reader.answer)) | (anchors(canonical(gold.type)) if gold else set()))
    return tuple(dict.fromkeys(names))


def _row(value: tree.Value, task: TaskSpec, scope: Scope) -> dict[str, Any] | None:
    assert task.rows.record is not None
    record: RecordType = canonical(task.rows.record.type)  # type: ignore[assignment]
    if not isinstance(value, tree.ObjectValue):
        scope.report.add("E0507", "`row` needs an object", value.place, helps=['write `row = { question = "..." }`'])
        return None
    names = tuple(field.name for field in record.fields)
    given = settings_of(value.entries, names, f"the row `{record.name}`", scope.report)
    if any(entry.key.name not in names for entry in value.entries):
        return None
    missing = [name for name in needed_fields(task) if name not in given]
    if missing:
        title = f"this example's row lacks `{missing[0]}`"
        scope.report.add("E0507", title, (value.place, f"`{task.name}` uses {', '.join(needed_fields(task))}"))
        return None
    fields = tuple(field for field in record.fields if field.name in given)
    raw: dict[str, Any] = {}
    for field in fields:
        plain = plain_value(given[field.name].value, field.type)
        raw[field.name] = plain
    partial = RecordType(record.name, tuple(FieldType(field.name, field.type) for field in fields))
    try:
        return partial.load(raw, {})
    except Misfit as misfit:
        label = _misfit_label(str(misfit), given, value)
        scope.report.add("E0507", f"this example's row does not fit `{record.name}`", label)
        return None


def _misfit_label(said: str, given: dict[str, tree.Setting], row: tree.Value) -> tuple[Place, str]:
    """The value a record's misfit is about (`field 'x': expected text`), and what is wrong with it."""
    match = re.match(r"field '(\w+)': ", said)
    if match is None or match.group(1) not in given:
        return row.place, said
    return given[match.group(1)].value.place, said[match.end() :]


def plain_value(value: tree.Value, type_: Type | None) -> Any:
    """A value written in a spec as plain data. A bare word is the name of an enum's case."""
    match value:
        case tree.StringValue(text):
            return text
        case tree.NumberValue():
            return value.number
        case tree.BooleanValue(flag):
            return flag
        case tree.TextValue(raw, start):
            from medspec.syntax.blocks import dedent

            return dedent(raw, start).text
        case tree.ListValue(entries):
            item = getattr(type_, "item", None)
            return [plain_value(entry, item) for entry in entries]
        case tree.ObjectValue(entries):
            return {entry.key.name: plain_value(entry.value, _field_type(type_, entry.key.name)) for entry in entries}
        case tree.Call(path):
            return path.dotted if _holds_enum(type_) or _is_abstention(path, type_) else None


def _is_abstention(path: tree.Path, type_: Type | None) -> bool:
    return isinstance(type_, AbstainType) and path.dotted == WORD


def _holds_enum(type_: Type | None) -> bool:
    while type_ is not None and not isinstance(type_, EnumType):
        type_ = getattr(type_, "item", None)
    return type_ is not None


def _field_type(type_: Type | None, name: str) -> Type | None:
    if isinstance(type_, SpanType):
        return type_.label if name == "label" else None
    field = type_.field(name) if isinstance(type_, RecordType) else None
    return field.type if field is not None else None


def _reply(
    value: tree.Value, task: TaskSpec, row: dict[str, Any] | None, scope: Scope
) -> str | tuple[float, ...] | None:
    reader = next(reader for reader in READERS if reader.name == task.reader.name)
    plain = plain_value(value, None)
    if reader.asks == "logits":
        if isinstance(plain, list) and plain and all(isinstance(entry, int | float) for entry in plain):
            count = _options(reader, task, row)
            if count is not None and len(plain) != count:
                title = f"there are {count} options, and the reply scores {len(plain)}"
                scope.report.add("E0507", title, value.place, helps=["write one score for each option, in their order"])
                return None
            return tuple(float(entry) for entry in plain)
        helps = ["write the log-likelihood of each option: `reply = [-0.1, -2.3]`"]
        scope.report.add("E0507", f"the reader `{reader.name}` reads scores, not text", value.place, helps=helps)
        return None
    if isinstance(plain, str):
        return plain
    scope.report.add("E0507", "`reply` needs a text", value.place)
    return None


def _options(reader: Reader, task: TaskSpec, row: dict[str, Any] | None) -> int | None:
    """How many options the reader scores in this row; None when the row could not be read."""
    if row is None or reader.continuations is None:
        return None
    return len(reader.continuations(canonical(task.reader.answer), row, dict(task.reader.settings)))


def _expect(
    value: tree.Value, task: TaskSpec, row: dict[str, Any] | None, scope: Scope
) -> tuple[bool, Any, tuple[tuple[str, float], ...]] | None:
    labels = [score.label for score in task.scores]
    if not isinstance(value, tree.ObjectValue) or not value.entries:
        title = "this example expects nothing" if isinstance(value, tree.ObjectValue) else "`expect` needs an object"
        scope.report.add("E0507", title, value.place, helps=["write `expect = { answer = ... }`"])
        return None
    answer: Any = None
    expects_answer = False
    scores = []
    for entry in value.entries:
        name = entry.key.name
        if name == "unread":
            is_word = isinstance(entry.value, tree.Call) and entry.value.arguments is None
            reason = entry.value.path.dotted if is_word else plain_value(entry.value, None)  # type: ignore[union-attr]
            expects_answer, answer = True, Unread(str(reason), "")
        elif name == "answer":
            type_ = canonical(task.reader.answer)
            try:
                answer = type_.load(plain_value(entry.value, type_), row or {})
            except (Misfit, KeyError) as error:
                if row is not None:
                    scope.report.add("E0507", "this is no possible answer", (entry.value.place, str(error)))
                return None
            expects_answer = True
        elif any(score.label == name and isinstance(score.value, VerdictValue) for score in task.scores):
            helps = ["expect the answer: `expect = { answer = ... }`"]
            label = (entry.place, "an example asks no model, so there is no verdict")
            scope.report.add("E0507", f"`{name}` is what a judge says", label, helps=helps)
            return None
        elif any(score.label == name and needs_encoder(score) for score in task.scores):
            helps = ["expect the answer: `expect = { answer = ... }`"]
            label = (entry.place, "an example loads no model, so there are no vectors")
            scope.report.add("E0507", f"`{name}` needs its encoder", label, helps=helps)
            return None
        elif name in labels and isinstance(entry.value, tree.NumberValue):
            scores.append((name, float(entry.value.number)))
            _check_range(entry, task, scope)
        else:
            close = nearest(name, [*labels, "answer", "unread"])
            helps = [f"did you mean `{close}`?"] if close else [f"it may expect: answer, unread, {', '.join(labels)}"]
            title = f"`{task.name}` has no metric `{name}`" if name not in labels else f"`{name}` is a number"
            scope.report.add("E0507", title, entry.place, helps=helps)
            return None
    return expects_answer, answer, tuple(scores)


def _check_range(entry: tree.Setting, task: TaskSpec, scope: Scope) -> None:
    """E0507 for a score its metric cannot give."""
    score = next(score for score in task.scores if score.label == entry.key.name)
    assert isinstance(entry.value, tree.NumberValue)
    yields, value = range_of(score), entry.value.number
    if (yields.low is not None and value < yields.low) or (yields.high is not None and value > yields.high):
        low, high = ("..." if end is None else f"{end:g}" for end in (yields.low, yields.high))
        scope.report.add("E0507", f"`{score.metric}` lies between {low} and {high}", entry.value.place)
