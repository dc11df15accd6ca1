"""Prompt templates: a small, closed part of Jinja, as a tree of pieces.

    Text         Output(expr)        If(branches, otherwise)        For(name, over, body)

Everything else in Jinja is refused. The tree is all there is: nothing of a template is ever executed as code.
"""

from __future__ import annotations

from typing import Any

import attrs


def _offset() -> Any:
    return attrs.field(default=0, kw_only=True, eq=False, repr=False, metadata={"hash": False, "json": False})


@attrs.frozen
class Name:
    """A parameter, a loop name, or an imported text."""

    name: str
    offset: int = _offset()


@attrs.frozen
class Attribute:
    """`target.name`: a field of a record, a member of `loop` or of an imported module."""

    target: Expression
    name: str
    offset: int = _offset()


@attrs.frozen
class Item:
    """`target[index]` with a whole number as index."""

    target: Expression
    index: int
    offset: int = _offset()


@attrs.frozen
class Literal:
    """A text, number, true, false or none."""

    value: Any
    offset: int = _offset()


@attrs.frozen
class Filter:
    """`target | name(arguments)`."""

    target: Expression
    name: str
    arguments: tuple[Any, ...] = ()
    offset: int = _offset()


@attrs.frozen
class Compare:
    """`left op right` with one of `== != < <= > >= in`."""

    left: Expression
    op: str
    right: Expression
    offset: int = _offset()


@attrs.frozen
class Logic:
    """`and`, `or` over several, `not` over one."""

    op: str
    terms: tuple[Expression, ...]
    offset: int = _offset()


Expression = Name | Attribute | Item | Literal | Filter | Compare | Logic


@attrs.frozen
class Text:
    text: str


@attrs.frozen
class Output:
    expression: Expression


@attrs.frozen
class If:
    """`branches` are (condition, body) pairs, `otherwise` the else part."""

    branches: tuple[tuple[Expression, tuple[Piece, ...]], ...]
    otherwise: tuple[Piece, ...] = ()


@attrs.frozen
class For:
    name: str
    over: Expression
    body: tuple[Piece, ...]
    offset: int = _offset()


Piece = Text | Output | If | For
