"""What fills each parameter of a task's prompt: a field of the row, or a value known now. Never the gold answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from medspec.check.arguments import ABSENT, Rule, Symbol, read_value
from medspec.check.spec import ParameterSpec, PromptSpec, RecordSpec
from medspec.check.types import fits, is_unknown
from medspec.check.waivers import Waivers
from medspec.plan.nodes import Binding, Constant, FieldRef, ShotRows
from medspec.syntax import tree
from medspec.text.source import Place
from medspec.text.suggest import nearest
from medspec.types import ListType

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope
    from medspec.check.tasks import Clause

SHOTS = "shots"
"""The argument that gives a prompt the rows picked as shots: `ask(examples: shots)`."""

_DECLARED = ("text", "int", "float", "bool", "enum", "image")
"""Kinds of field that a parameter of the same type can take without more ado."""

Bindings = tuple[tuple[str, Binding], ...]


@attrs.frozen(kw_only=True)
class Asked:
    """What a task asks about: rows of `record`, with their reference in `gold`; `has_shots`: there are examples."""

    record: RecordSpec
    gold: str | None
    has_shots: bool
    waivers: Waivers


def bind_prompt(clause: Clause, asked: Asked | None, checker: Checker) -> tuple[PromptSpec, Bindings] | None:
    """The prompt of a task and what fills its parameters; None after reporting."""
    assert isinstance(clause.node, tree.Setting)
    value, scope = clause.node.value, clause.scope
    if not isinstance(value, tree.Call):
        helps = ['declare one: `prompt ask(question: text) { user """...""" }`']
        scope.report.add("E0301", "`prompt` needs the name of a prompt", value.place, helps=helps)
        return None
    prompt = checker.declared(value.path, scope, "prompt", (tree.PromptDecl,))
    if prompt is None:
        return None
    names = [parameter.name for parameter in prompt.parameters]
    given, clean = match_arguments(value, names, f"the prompt `{prompt.name}`", prompt.place, scope)
    if asked is None or not clean:
        return None
    bindings: list[tuple[str, Binding]] = []
    for parameter in prompt.parameters:
        argument = given.get(parameter.name)
        if argument is None:
            bound: Binding | None = _from_row(parameter, prompt, asked, value.place, scope)
        else:
            value_given = argument.value
            if asked.has_shots and _is_shots(value_given, asked.record, scope):
                bound = _shot_rows(parameter, asked.record, value_given.place, scope)
            else:
                bound = _from_argument(value_given, parameter, asked, scope)  # type: ignore[arg-type]
        if bound is None:
            return None
        bindings.append((parameter.name, bound))
    return prompt, (*bindings, *prompt.phrases)


def _is_shots(value: tree.Value | tree.TypeNode, record: RecordSpec, scope: Scope) -> bool:
    is_name = isinstance(value, tree.Call) and value.arguments is None and value.path.dotted == SHOTS
    return is_name and SHOTS not in scope.values and record.type.field(SHOTS) is None


def _shot_rows(parameter: ParameterSpec, record: RecordSpec, place: Place, scope: Scope) -> ShotRows | None:
    type_ = parameter.type
    if isinstance(type_, ListType) and fits(record.type, type_.item):
        return ShotRows()
    scope.report.add(
        "E0409",
        f"the shots do not fit the parameter `{parameter.name}`",
        (place, f"rows of `{record.name}`"),
        (parameter.place, f"the parameter is `{type_.spelled}`"),
        helps=[f"declare it as `{parameter.name}: {record.name}[]`"],
    )
    return None


def match_arguments(
    call: tree.Call, names: Sequence[str], what: str, declared: Place, scope: Scope, label: str = "declared here"
) -> tuple[dict[str, tree.Argument], bool]:
    """The arguments of `call` by the parameters they are for, of which there are `names`; False after reporting.

    `what` is called in words (the prompt `ask`), and stands at `declared`, which `label` says.
    """
    given: dict[str, tree.Argument] = {}
    clean = True
    for index, argument in enumerate(call.arguments or ()):
        name = argument.name.name if argument.name else names[index] if index < len(names) else None
        if name is None or name not in names:
            close = nearest(name, names) if name else None
            helps = [f"did you mean `{close}`?"] if close else [f"it takes: {', '.join(names) or 'nothing'}"]
            title = f"{what} has no parameter `{name}`" if name else "one argument too many"
            place = argument.name.place if argument.name else argument.place
            scope.report.add("E0211", title, place, (declared, label), helps=helps)
            clean = False
        elif name in given:
            first = (given[name].place, "first given here")
            scope.report.add("E0211", f"`{name}` is given twice", (argument.place, "given again here"), first)
            clean = False
        else:
            given[name] = argument
    return given, clean


def _from_row(
    parameter: ParameterSpec, prompt: PromptSpec, asked: Asked, place: Place, scope: Scope
) -> FieldRef | Constant | None:
    """A parameter that is not given: its default, else the row's field of the same name."""
    record = asked.record
    field = record.type.field(parameter.name)
    if field is not None:
        return _field(parameter, parameter.name, asked, place, scope)
    if parameter.has_default:
        return Constant(parameter.default)
    if parameter.name in prompt.doubtful:
        return None
    close = nearest(parameter.name, [field.name for field in record.type.fields])
    helps = [f"did you mean `{close}`? write `{prompt.name}({parameter.name}: {close})`"] if close else []
    helps.append(f"give it a value: `{prompt.name}({parameter.name}: ...)`")
    scope.report.add(
        "E0408",
        f"nothing fills the parameter `{parameter.name}` of `{prompt.name}`",
        (place, f"`{record.name}` has no field `{parameter.name}`"),
        (parameter.place, "the parameter"),
        (record.place, f"its fields: {', '.join(field.name for field in record.type.fields)}"),
        helps=helps[:1],
    )
    return None


def _from_argument(
    value: tree.Value, parameter: ParameterSpec, asked: Asked, scope: Scope
) -> FieldRef | Constant | None:
    record = asked.record
    if isinstance(value, tree.Call) and value.arguments is None and len(value.path.parts) == 1:
        name = value.path.dotted
        if name not in scope.values:
            if record.type.field(name) is None:
                close = nearest(name, [*(field.name for field in record.type.fields), *scope.values])
                helps = [f"did you mean `{close}`?"] if close else []
                label = (record.place, f"its fields: {', '.join(field.name for field in record.type.fields)}")
                title = f"`{record.name}` has no field `{name}`"
                scope.report.add("E0408", title, (value.place, "no such field"), label, helps=helps)
                return None
            return _field(parameter, name, asked, value.place, scope)
    kind = parameter.type.kind
    if is_unknown(parameter.type):
        return None
    if kind not in ("text", "int", "float", "bool"):
        title = f"`{parameter.name}` has type `{parameter.type.spelled}`"
        scope.report.add(
            "E0409", title, (value.place, "give it a field of the row"), (parameter.place, "the parameter")
        )
        return None
    found = read_value(value, Rule(parameter.name, kind), scope.report, values=scope.values)
    if found is ABSENT:
        return None
    return Constant("" if isinstance(found, Symbol) else found)


def _field(parameter: ParameterSpec, name: str, asked: Asked, place: Place, scope: Scope) -> FieldRef | None:
    record = asked.record
    if name == asked.gold and not asked.waivers.allows("E0407"):
        scope.report.add(
            "E0407",
            "this prompt shows the model the reference answer",
            (place, f"`{name}` reaches the prompt of the model under test"),
            (parameter.place, "through this parameter"),
            notes=["few-shot examples and judges may read `gold`; the prompt of the scored row may not"],
            helps=[f"if the row holds a real hint, give it a field of its own in `{record.name}`"],
        )
        return None
    field = record.type.field(name)
    assert field is not None
    if not fits(field.type, parameter.type):
        scope.report.add(
            "E0409",
            f"`{name}` does not fit the parameter `{parameter.name}`",
            (place, f"the field is `{field.type.spelled}`"),
            (parameter.place, f"the parameter is `{parameter.type.spelled}`"),
            (record.place_of(name), "the field"),
            helps=[f"declare it as `{parameter.name}: {field.type.spelled}`"] if field.type.kind in _DECLARED else [],
        )
        return None
    return FieldRef(name)
