"""Pieces of a template to a function from values to text.

The tree is turned into closures once; rendering a row is a walk over them. Nothing is compiled or evaluated as Python,
so a template can do no more than the tree says. What the checker let pass fails here only as `Unrenderable`: a text without
bounds, or a 27th letter.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from medspec.syntax import template
from medspec.syntax.filters import Unrenderable, find_filter
from medspec.syntax.template import Expression, Piece

MAX_LENGTH = 32_000_000
"""The longest text one turn may render to, in characters."""

MAX_TURNS = 1_000_000
"""How often the loops of one turn may go round, all together."""

Values = dict[str, Any]
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


class _Out(list[str]):
    """The text so far, in pieces, and how often loops went round for it."""

    turns = 0


_Write = Callable[[Values, _Out], None]


def renderer(pieces: tuple[Piece, ...]) -> Callable[[Mapping[str, Any]], str]:
    """A function that renders `pieces` for the values of their names. The result never ends in a line break."""
    render = renderer_exact(pieces)
    return lambda values: render(values).rstrip("\n")


def renderer_exact(pieces: tuple[Piece, ...]) -> Callable[[Mapping[str, Any]], str]:
    """As `renderer`, for a part of a turn: line breaks at the end are kept."""
    write = _body(pieces)

    def render(values: Mapping[str, Any]) -> str:
        out = _Out()
        write(dict(values), out)
        # Before they are joined: a text that is printed a million times is in memory once.
        length = sum(map(len, out))
        if length > MAX_LENGTH:
            raise Unrenderable(f"a text of {length:,} characters; at most {MAX_LENGTH:,}")
        return "".join(out)

    return render


def _body(pieces: tuple[Piece, ...]) -> _Write:
    writers = tuple(_piece(piece) for piece in pieces)
    if len(writers) == 1:
        return writers[0]

    def write(values: Values, out: _Out) -> None:
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

    def write(values: Values, out: _Out) -> None:
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

    def write(values: Values, out: _Out) -> None:
        entries = over(values)
        inner = dict(values)
        last = len(entries) - 1
        out.turns += len(entries)
        if out.turns > MAX_TURNS:
            raise Unrenderable(f"loops inside loops that go round more than {MAX_TURNS:,} times")
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
