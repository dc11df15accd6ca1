"""Prompts: typed functions from values to turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.spec import ParameterSpec, PromptSpec
from medspec.check.templates import ANSWER_FORMAT, TemplateChecker
from medspec.check.types import read_type
from medspec.plan.nodes import TurnPlan
from medspec.syntax import template, tree
from medspec.syntax.blocks import Block, dedent
from medspec.syntax.parse_template import TemplateProblem, parse_template
from medspec.text.source import Place
from medspec.types import Type

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

_SCALARS = {"text": "text", "int": "int", "float": "float", "bool": "bool"}


def check_prompt(declaration: tree.PromptDecl, checker: Checker, scope: Scope) -> PromptSpec | None:
    parameters = read_parameters(declaration.params, checker, scope)
    names = {parameter.name: parameter.type for parameter in parameters}
    if not declaration.turns:
        label = (declaration.name.place, "has nothing to say")
        scope.report.add("E0210", "a prompt needs at least one turn", label, helps=['write `user """..."""`'])
        return None
    used: set[str] = set()
    turns = []
    broken = False
    before = len(scope.report.found)
    for turn in declaration.turns:
        pieces = _turn(turn, declaration, names, used, checker, scope)
        broken |= pieces is None
        turns.append(TurnPlan(turn.role.name, pieces or ()))
    # A misspelt name leaves its parameter unused: one mistake, one message.
    if not broken and not any(one.code == "E0401" for one in scope.report.found[before:]):
        for parameter in parameters:
            if parameter.name not in used and not parameter.name.startswith("_"):
                scope.report.add(
                    "W0405",
                    f"`{parameter.name}` is never used in this prompt",
                    parameter.place,
                    helps=["remove it, or start the name with `_` to keep it on purpose"],
                )
    return PromptSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        parameters=parameters,
        turns=tuple(turns),
        uses_answer_format=ANSWER_FORMAT in used,
        uses=frozenset(used),
    )


def _turn(
    turn: tree.Turn,
    declaration: tree.PromptDecl,
    names: dict[str, Type],
    used: set[str],
    checker: Checker,
    scope: Scope,
) -> tuple[template.Piece, ...] | None:
    source = turn.place.source
    if isinstance(turn.text, tree.TextValue):
        block = dedent(turn.text.raw, turn.text.start)
    else:
        block = Block(turn.text.text, ((0, turn.text.place.start + 1),))
    try:
        pieces = parse_template(block.text)
    except TemplateProblem as problem:
        start, end = block.source_offset(problem.start), block.source_offset(problem.end)
        scope.report.add("E0402", problem.title, Place(source, start, max(start, end)), helps=problem.helps)
        return None
    hints = checker.column_hints()
    checks = TemplateChecker(source, block, scope.report, declaration.params.place, hints)
    checked = checks.pieces(pieces, names)
    used.update(checks.used)
    return checked


def read_parameters(params: tree.Params, checker: Checker, scope: Scope) -> tuple[ParameterSpec, ...]:
    """The parameters of a prompt: names, types and defaults."""
    found: dict[str, ParameterSpec] = {}
    for param in params.entries:
        name = param.name.name
        if name in found:
            label = (param.name.place, "again here")
            scope.report.add("E0203", f"`{name}` is a parameter twice", label, (found[name].place, "first here"))
            continue
        report_shadowing(param.name, scope)
        type_ = read_type(param.type, checker, scope)
        default: Any = None
        has_default = False
        if param.default is not None:
            kind = _SCALARS.get(type_.kind)
            if kind is None:
                title = f"a parameter of type `{type_.spelled}` has no default"
                scope.report.add("E0301", title, param.default.place)
            else:
                default = read_value(param.default, Rule(name, kind), scope.report)
                has_default = default is not ABSENT
        found[name] = ParameterSpec(name=name, type=type_, default=default, has_default=has_default, place=param.place)
    return tuple(found.values())


def report_shadowing(ident: tree.Ident, scope: Scope) -> None:
    """E0206 when a parameter has the name of a declaration or an import."""
    declared = scope.module.names.get(ident.name)
    imported = scope.module.imports.get(ident.name)
    place = declared.name.place if declared is not None else imported.place if imported is not None else None  # type: ignore[union-attr]
    if place is not None:
        scope.report.add(
            "E0206",
            f"the parameter `{ident.name}` hides a declaration",
            (ident.place, "choose another name"),
            (place, "declared here" if declared is not None else "imported here"),
        )
