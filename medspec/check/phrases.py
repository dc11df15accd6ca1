"""Phrases: named texts, used in prompts as `{{ one_letter }}` or `{{ wording.one_letter }}`.

A phrase in a template becomes a name of its own (`phrase:module.name`), bound to its text, so that folding and hashing
treat it as any other constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from medspec.check.spec import PhraseSpec
from medspec.check.texts import read_text_file
from medspec.plan.nodes import Constant, TextFile
from medspec.syntax import template, tree
from medspec.syntax.blocks import Block, dedent, unescape_block
from medspec.syntax.template import Expression, Piece
from medspec.text.source import Place, Source

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope


def check_phrase(declaration: tree.PhraseDecl, checker: Checker, scope: Scope) -> PhraseSpec | None:
    node = declaration.text
    value: Constant | TextFile | None
    if isinstance(node, tree.TextFile):
        value = read_text_file(node, scope)
    elif isinstance(node, tree.TextValue):
        value = _fixed(dedent(node.raw, node.start), node.place.source, scope)
    else:
        value = _fixed(unescape_block(node.place.text[1:-1], node.place.start + 1), node.place.source, scope)
    if value is None:
        return None
    return PhraseSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        value=value,
    )


def _fixed(block: Block, source: Source, scope: Scope) -> Constant | None:
    """The text of a phrase; None after reporting that it looks like a template, which it is not."""
    mark = re.search(r"\{\{|\{%", block.text)
    if mark is None:
        return Constant(block.text)
    place = Place(source, block.source_offset(mark.start()), block.source_offset(mark.end()))
    scope.report.add(
        "E0402",
        "a phrase is a fixed text",
        (place, "this would be sent to the model as it is"),
        helps=["write this part in the prompt, next to the phrase"],
    )
    return None


def visible_phrases(scope: Scope) -> tuple[str, ...]:
    """The names by which phrases can be mentioned here: those of the module, imported ones, `module.name`."""
    found = [name for name, declared in scope.module.names.items() if isinstance(declared, tree.PhraseDecl)]
    for alias, imported in scope.module.imports.items():
        target = scope.modules.get(imported.module)
        for name, declared in target.names.items() if target is not None else ():
            if isinstance(declared, tree.PhraseDecl) and imported.name in (None, name):
                found.append(alias if imported.name is not None else f"{alias}.{name}")
    return tuple(found)


def key_of(phrase: PhraseSpec) -> str:
    """The name a phrase has inside templates."""
    return f"phrase:{phrase.qualified}"


def dotted(expression: Expression) -> str | None:
    """`a.b` for names joined by dots, None for everything else."""
    match expression:
        case template.Name(name):
            return name
        case template.Attribute(target, name):
            inner = dotted(target)
            return None if inner is None else f"{inner}.{name}"
    return None


def dotted_names(pieces: tuple[Piece, ...]) -> dict[str, int]:
    """Every name in `pieces`, as long as it is written (`wording.one_letter`, and `wording` too), and where it ends.

    That is the offset of its last part, where it stands first.
    """
    found: dict[str, int] = {}

    def look(expression: Expression) -> None:
        name = dotted(expression)
        if name is not None:
            found.setdefault(name, expression.offset)
        match expression:
            case template.Attribute(target) | template.Item(target) | template.Filter(target):
                look(target)
            case template.Compare(left, _, right):
                look(left)
                look(right)
            case template.Logic(_, terms):
                for term in terms:
                    look(term)

    for piece in pieces:
        match piece:
            case template.Output(expression):
                look(expression)
            case template.If(branches, otherwise):
                for test, body in branches:
                    look(test)
                    found = {**dotted_names(body), **found}
                found = {**dotted_names(otherwise), **found}
            case template.For(_, over, body):
                look(over)
                found = {**dotted_names(body), **found}
    return found


def rename(pieces: tuple[Piece, ...], names: dict[str, str]) -> tuple[Piece, ...]:
    """`pieces` with every dotted name among `names` replaced by the one name it stands for."""
    return tuple(_piece(piece, names) for piece in pieces) if names else pieces


def _piece(piece: Piece, names: dict[str, str]) -> Piece:
    match piece:
        case template.Output(expression):
            return template.Output(_expression(expression, names))
        case template.If(branches, otherwise):
            renamed = tuple((_expression(test, names), rename(body, names)) for test, body in branches)
            return template.If(renamed, rename(otherwise, names))
        case template.For():
            return attrs.evolve(piece, over=_expression(piece.over, names), body=rename(piece.body, names))
    return piece


def _expression(expression: Expression, names: dict[str, str]) -> Expression:
    found = names.get(dotted(expression) or "")
    if found is not None:
        return template.Name(found, offset=expression.offset)
    match expression:
        case template.Attribute() | template.Item() | template.Filter():
            return attrs.evolve(expression, target=_expression(expression.target, names))
        case template.Compare(left, _, right):
            return attrs.evolve(expression, left=_expression(left, names), right=_expression(right, names))
        case template.Logic(_, terms):
            return attrs.evolve(expression, terms=tuple(_expression(term, names) for term in terms))
    return expression
