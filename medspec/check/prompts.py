"""Prompts: typed functions from values to turns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.phrases import dotted_names, key_of, rename, visible_phrases
from medspec.check.spec import ParameterSpec, PhraseSpec, PromptSpec
from medspec.check.templates import ANSWER_FORMAT, TemplateChecker
from medspec.check.texts import read_text_file
from medspec.check.types import read_type
from medspec.plan.nodes import TurnPlan
from medspec.syntax import template, tree
from medspec.syntax.blocks import Block, dedent, unescape_block
from medspec.syntax.parse_template import TemplateProblem, parse_template
from medspec.text.source import Place, Source
from medspec.types import TextType, Type

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
    seen = _Seen()
    turns = []
    broken = False
    before = len(scope.report.found)
    for turn in declaration.turns:
        planned = _turn(turn, names, seen, declaration, checker, scope)
        broken |= planned is None
        turns.append(planned or TurnPlan(turn.role.name, ()))
    # A misspelt name leaves its parameter unused: one mistake, one message.
    takes_all = any(turn.file is not None for turn in turns)
    unused = [] if takes_all else [parameter for parameter in parameters if parameter.name not in seen.used]
    is_doubtful = broken or any(one.code == "E0401" for one in scope.report.found[before:])
    for parameter in unused:
        if not is_doubtful and not parameter.name.startswith("_"):
            _report_unused(parameter, declaration, scope)
    return PromptSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        parameters=parameters,
        turns=tuple(turns),
        uses_answer_format=ANSWER_FORMAT in seen.used or takes_all,
        phrases=tuple((key_of(phrase), phrase.value) for phrase in seen.phrases.values()),
        doubtful=frozenset(parameter.name for parameter in unused) if is_doubtful else frozenset(),
    )


def _report_unused(parameter: ParameterSpec, declaration: tree.PromptDecl, scope: Scope) -> None:
    """W0405; a parameter in single braces, as other template languages write it, is likely to be meant."""
    helps = ["remove it, or start the name with `_` to keep it on purpose"]
    labels: list[Place | tuple[Place, str]] = [parameter.place]
    single = re.compile(rf"\$?\{{\s*{parameter.name}\s*\}}")
    for turn in declaration.turns:
        found = single.search(turn.place.text)
        if found is not None:
            start = turn.place.start + found.start()
            labels.append((Place(turn.place.source, start, start + len(found.group())), "sent to the model as it is"))
            helps = [f"to show its value, write `{{{{ {parameter.name} }}}}`"]
            break
    scope.report.add("W0405", f"`{parameter.name}` is never used in this prompt", *labels, helps=helps)


@attrs.define
class _Seen:
    """What the turns of one prompt mention: parameters, and phrases by the name they are written with."""

    used: set[str] = attrs.field(factory=set)
    phrases: dict[str, PhraseSpec] = attrs.field(factory=dict)


def _turn(
    turn: tree.Turn,
    names: dict[str, Type],
    seen: _Seen,
    declaration: tree.PromptDecl,
    checker: Checker,
    scope: Scope,
) -> TurnPlan | None:
    source = turn.place.source
    if isinstance(turn.text, tree.TextFile):
        file = read_text_file(turn.text, scope, parameters=tuple(names))
        return None if file is None else TurnPlan(turn.role.name, (), file)
    if isinstance(turn.text, tree.TextValue):
        block = dedent(turn.text.raw, turn.text.start)
    else:
        block = unescape_block(turn.text.place.text[1:-1], turn.text.place.start + 1)
    try:
        pieces = parse_template(block.text)
    except TemplateProblem as problem:
        start, end = block.source_offset(problem.start), block.source_offset(problem.end)
        scope.report.add("E0402", problem.title, Place(source, start, max(start, end)), helps=problem.helps)
        return None
    found, refused = _phrases_in(pieces, names, block, source, checker, scope)
    seen.phrases.update(found)
    renamed = rename(pieces, {written: key_of(phrase) for written, phrase in found.items()})
    types = {**names, **{key_of(phrase): TextType() for phrase in found.values()}}
    hints = checker.column_hints()
    phrases = visible_phrases(scope)
    checks = TemplateChecker(source, block, scope.report, declaration.params.place, hints, phrases, refused)
    checked = checks.pieces(renamed, types)
    seen.used.update(checks.used)
    return TurnPlan(turn.role.name, checked)


def _phrases_in(
    pieces: tuple[template.Piece, ...],
    names: dict[str, Type],
    block: Block,
    source: Source,
    checker: Checker,
    scope: Scope,
) -> tuple[dict[str, PhraseSpec], tuple[str, ...]]:
    """The phrases that `pieces` mention, by the name they are written with. Parameters come first.

    Also the names that may be a phrase but for something that has been reported.
    """
    found: dict[str, PhraseSpec] = {}
    refused: list[str] = []
    for written, offset in sorted(dotted_names(pieces).items()):
        first, *rest = written.split(".")
        imported = scope.module.imports.get(first)
        if first in names or len(rest) > 1:
            continue
        if imported is not None and imported.name is None and imported.module in scope.modules and rest:
            start = block.source_offset(offset)
            ident = tree.Ident(rest[0], Place(source, start, start + len(rest[0])))
            if not scope.is_public(ident, imported.module, scope.modules[imported.module]):
                refused.append(first)
                continue
        own = scope.module.names.get(first)
        module = imported.module if imported is not None else scope.module.name
        if imported is not None and imported.module in scope.modules:
            own = scope.modules[module].names.get(imported.name or (rest[0] if rest else ""))
        is_whole = not rest if imported is None or imported.name is not None else len(rest) == 1
        if isinstance(own, tree.PhraseDecl) and is_whole:
            scope.used.add((scope.module.name, first))
            phrase = checker.checked(module, own)
            if phrase is not None:
                found[written] = phrase
        elif own is None and scope.may_be_lost(first):
            refused.append(first)
    return found, tuple(refused)


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
    """E0206 when a parameter has the name of a declaration or an import, or one that templates have already."""
    if ident.name in (ANSWER_FORMAT, "loop"):
        label = (ident.place, "choose another name")
        scope.report.add("E0206", f"`{ident.name}` is there in every template", label)
        return
    declared = scope.module.names.get(ident.name)
    imported = scope.module.imports.get(ident.name)
    place = declared.name.place if declared is not None else imported.place if imported is not None else None
    if place is not None:
        scope.report.add(
            "E0206",
            f"the parameter `{ident.name}` hides a declaration",
            (ident.place, "choose another name"),
            (place, "declared here" if declared is not None else "imported here"),
        )
