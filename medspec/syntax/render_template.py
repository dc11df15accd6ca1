"""Pieces of a template to a function from values to text.

The tree is turned into closures once; rendering a row is a walk over them. Nothing is compiled or evaluated as Python,
so a template can do no more than the tree says. What the checker let pass cannot fail here, but for a size limit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from medspec.syntax import template
from medspec.syntax.filters import find_filter
from medspec.syntax.template import Expression, Piece

MAX_LENGTH = 32_000_000
"""The longest text one turn may render to, in characters."""

Values = dict[str, Any]
_Write = Callable[[Values, list[str]], None]
_Read = Callable[[Values], Any]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda left, right: left in right,
}


class TooLong(ValueError):
    """A turn would render to more than `MAX_LENGTH` characters."""


def renderer(pieces: tuple[Piece, ...]) -> Callable[[Mapping[str, Any]], str]:
    """A function that renders `pieces` for the values of their names. The result never ends in a line break."""
    render = renderer_exact(pieces)
    return lambda values: render(values).rstrip("\n")


def renderer_exact(pieces: tuple[Piece, ...]) -> Callable[[Mapping[str, Any]], str]:
    """As `renderer`, for a part of a turn: line breaks at the end are kept."""
    write = _body(pieces)

    def render(values: Mapping[str, Any]) -> str:
        out: list[str] = []
        write(dict(values), out)
        text = "".join(out)
        if len(text) > MAX_LENGTH:
            raise TooLong(f"a prompt of {len(text):,} characters; at most {MAX_LENGTH:,}")
        return text

    return render


def _body(pieces: tuple[Piece, ...]) -> _Write:
    writers = tuple(_piece(piece) for piece in pieces)
    if len(writers) == 1:
        return writers[0]

    def write(values: Values, out: list[str]) -> None:
        for writer in writers:
            writer(values, out)

    return write


def _piece(piece: Piece) -> _Write:
    match piece:
        case template.Text(text):
            return lambda values, out: out.append(text)
        case template.Output(expression):
            read = _expression(expression)
            return lambda values, out: out.append(shown(read(values)))
        case template.If():
            return _if(piece)
        case template.For():
            return _for(piece)


def _if(piece: template.If) -> _Write:
    branches = tuple((_expression(test), _body(body)) for test, body in piece.branches)
    otherwise = _body(piece.otherwise)

    def write(values: Values, out: list[str]) -> None:
        for test, body in branches:
            if test(values):
                body(values, out)
                return
        otherwise(values, out)

    return write


def _for(piece: template.For) -> _Write:
    over = _expression(piece.over)
    body = _body(piece.body)
    name = piece.name

    def write(values: Values, out: list[str]) -> None:
        entries = over(values)
        inner = dict(values)
        last = len(entries) - 1
        for index, entry in enumerate(entries):
            inner[name] = entry
            inner["loop"] = {
                "index": index + 1,
                "index0": index,
                "first": index == 0,
                "last": index == last,
                "length": last + 1,
            }
            body(inner, out)

    return write


def _expression(expression: Expression) -> _Read:
    match expression:
        case template.Literal(value):
            return lambda values: value
        case template.Name(name):
            return operator.itemgetter(name)
        case template.Attribute(target, name) | template.Item(target, name):
            read = _expression(target)
            return lambda values: read(values)[name]
        case template.Filter(target, name, arguments):
            read, rule = _expression(target), find_filter(name)
            assert rule is not None, name
            function = rule.function
            return lambda values: function(read(values), *arguments)
        case template.Compare(left, op, right):
            read_left, read_right, compare = _expression(left), _expression(right), _OPERATORS[op]
            return lambda values: compare(read_left(values), read_right(values))
        case template.Logic(op, terms):
            return _logic(op, tuple(_expression(term) for term in terms))


def _logic(op: str, terms: tuple[_Read, ...]) -> _Read:
    if op == "not":
        (term,) = terms
        return lambda values: not term(values)
    if op == "and":
        return lambda values: all(term(values) for term in terms)
    return lambda values: any(term(values) for term in terms)


def shown(value: Any) -> str:
    """How a value is printed: text as it is, numbers as Python writes them."""
    return value if isinstance(value, str) else str(value)
