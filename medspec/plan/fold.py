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
        simpler = _as_condition(_with_values(test, known))
        holds = _truth_of(simpler)
        if holds is True:
            otherwise = fold(body, known)
            break
        if holds is None:
            left.append((simpler, fold(body, known)))
    else:
        otherwise = fold(piece.otherwise, known)
    return (template.If(tuple(left), otherwise),) if left else otherwise


def _as_condition(test: Expression) -> Expression:
    """`test` without an `and` or `or` over one term: of a condition, nothing but its truth is looked at."""
    match test:
        case template.Logic("and" | "or", (term,)):
            return _as_condition(term)
    return test


def _truth_of(test: Expression) -> bool | None:
    """Whether a condition holds; None where names decide it."""
    if names_in(test):
        return None
    try:
        return renderer_exact((template.If(((test, (template.Text("x"),)),)),))({}) == "x"
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
        case template.Logic(op, terms):
            return _logic(expression, op, tuple(_with_values(term, known) for term in terms))
    return expression


def _logic(expression: template.Logic, op: str, terms: tuple[Expression, ...]) -> Expression:
    """`and`, `or` and `not` over `terms`, without those terms that are decided and decide nothing."""
    if op == "not":
        return attrs.evolve(expression, terms=terms)
    decides = op == "or"
    truths = [_truth_of(term) for term in terms]
    if decides in truths:
        return template.Literal(decides, offset=expression.offset)
    left = tuple(term for term, truth in zip(terms, truths, strict=True) if truth is None)
    if not left:
        return template.Literal(not decides, offset=expression.offset)
    # Also over one term: its truth is not its value, and the value may be compared.
    return attrs.evolve(expression, terms=left)


def names_in(part: Piece | Expression) -> set[str]:
    """The free names of a piece: those it does not bind itself."""
    match part:
        case template.Name(name):
            return {name}
        case template.Filter(target, "_box" | "_boxes", (_, _, of)):
            return names_in(target) | {of}  # the image that the box is on
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
