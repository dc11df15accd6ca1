"""Partial evaluation of templates: what is known at compile time becomes text.

    {{ subject }}: {{ question }}   with subject = "anatomy"   ->   anatomy: {{ question }}

Rendering the folded pieces gives the same text as rendering the pieces with the known values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from medspec.syntax import template
from medspec.syntax.filters import Unrenderable
from medspec.syntax.render_template import renderer_exact
from medspec.syntax.template import Expression, Piece


def fold(pieces: tuple[Piece, ...], known: Mapping[str, Any]) -> tuple[Piece, ...]:
    """`pieces` with every part that needs only `known` names evaluated, and neighbouring texts joined."""
    folded: list[Piece] = []
    for piece in pieces:
        for part in _fold_piece(piece, known):
            if isinstance(part, template.Text) and folded and isinstance(folded[-1], template.Text):
                folded[-1] = template.Text(folded[-1].text + part.text)
            elif part != template.Text(""):
                folded.append(part)
    return tuple(folded)


def _fold_piece(piece: Piece, known: Mapping[str, Any]) -> tuple[Piece, ...]:
    if names_in(piece) <= set(known):
        try:
            return (template.Text(renderer_exact((piece,))(known)),)
        except Unrenderable:
            # Left for the run, which can name the rows; here it is not known whether there are any.
            pass
    match piece:
        case template.Output(expression):
            return (template.Output(_with_values(expression, known)),)
        case template.If():
            return _fold_if(piece, known)
        case template.For(name, over, body):
            inner = {key: value for key, value in known.items() if key not in (name, "loop")}
            return (template.For(name, _with_values(over, known), fold(body, inner)),)
    return (piece,)


def _fold_if(piece: template.If, known: Mapping[str, Any]) -> tuple[Piece, ...]:
    """What is left of a condition: branches that are never taken go, and those behind one that always is."""
    left = []
    for test, body in piece.branches:
        holds = _value_of(test, known)
        if holds is True:
            otherwise = fold(body, known)
            break
        if holds is None:
            left.append((_with_values(test, known), fold(body, known)))
    else:
        otherwise = fold(piece.otherwise, known)
    return (template.If(tuple(left), otherwise),) if left else otherwise


def _value_of(test: Expression, known: Mapping[str, Any]) -> bool | None:
    """Whether a condition holds; None where that is not known yet."""
    if not names_in(test) <= set(known):
        return None
    try:
        return renderer_exact((template.If(((test, (template.Text("x"),)),)),))(known) == "x"
    except Unrenderable:
        return None


def _with_values(expression: Expression, known: Mapping[str, Any]) -> Expression:
    """`expression` with the values of known names in the place of the names."""
    match expression:
        case template.Name(name) if name in known:
            return template.Literal(known[name], offset=expression.offset)
        case template.Attribute() | template.Item() | template.Filter():
            return attrs.evolve(expression, target=_with_values(expression.target, known))
        case template.Compare(left, _, right):
            return attrs.evolve(expression, left=_with_values(left, known), right=_with_values(right, known))
        case template.Logic(_, terms):
            return attrs.evolve(expression, terms=tuple(_with_values(term, known) for term in terms))
    return expression


def names_in(part: Piece | Expression) -> set[str]:
    """The free names of a piece: those it does not bind itself."""
    match part:
        case template.Name(name):
            return {name}
        case template.Attribute(target) | template.Item(target) | template.Filter(target):
            return names_in(target)
        case template.Compare(left, _, right):
            return names_in(left) | names_in(right)
        case template.Logic(_, terms):
            return set().union(*(names_in(term) for term in terms))
        case template.Output(expression):
            return names_in(expression)
        case template.If(branches, otherwise):
            tests = set().union(*(names_in(test) for test, _ in branches))
            bodies = set().union(*(names_of(body) for _, body in branches))
            return tests | bodies | names_of(otherwise)
        case template.For(name, over, body):
            return names_in(over) | (names_of(body) - {name, "loop"})
    return set()


def names_of(pieces: tuple[Piece, ...]) -> set[str]:
    """The free names of all `pieces`."""
    return set().union(*(names_in(piece) for piece in pieces))
