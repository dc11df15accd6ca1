"""Partial evaluation of templates: what is known at compile time becomes text.

    {{ subject }}: {{ question }}   with subject = "anatomy"   ->   anatomy: {{ question }}

Rendering the folded pieces gives the same text as rendering the pieces with the known values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
            return (piece,)
    match piece:
        case template.If(branches, otherwise):
            return (template.If(tuple((test, fold(body, known)) for test, body in branches), fold(otherwise, known)),)
        case template.For(name, over, body):
            inner = {key: value for key, value in known.items() if key not in (name, "loop")}
            return (template.For(name, over, fold(body, inner)),)
    return (piece,)


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
