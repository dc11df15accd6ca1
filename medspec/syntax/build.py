"""Lark's parse tree to the syntax tree: what all rules share. Positions are shifted to the whole file.

The rules are in `build_values.py` and `build_declarations.py`, one function per grammar rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lark import Token, Tree

from medspec.syntax import tree
from medspec.syntax.blocks import unescape_block
from medspec.text.source import Place, Source

BuildRule = Callable[["Builder", Any], Any]
"""Builds the node of one grammar rule."""


class Builder:
    """Builds nodes of one island, whose text begins at offset `start` of `source`."""

    def __init__(self, source: Source, start: int, rules: Mapping[str, BuildRule]) -> None:
        self.source = source
        self.start = start
        self.rules = rules

    def build(self, node: Tree[Token]) -> Any:
        return self.rules[node.data](self, node)

    def all(self, nodes: list[Any], kinds: tuple[type, ...]) -> tuple[Any, ...]:
        built = (self.build(node) for node in nodes if isinstance(node, Tree))
        return tuple(node for node in built if isinstance(node, kinds))

    def first(self, nodes: list[Any], kinds: tuple[type, ...]) -> Any:
        """The first node of `kinds`; None where there is none."""
        return next(iter(self.all(nodes, kinds)), None)

    def place(self, node: Tree[Token] | Token) -> Place:
        if isinstance(node, Token):
            first, last = node.start_pos, node.end_pos
        else:
            first, last = node.meta.start_pos, node.meta.end_pos
        assert first is not None and last is not None
        return Place(self.source, self.start + first, self.start + last)

    def ident(self, token: Token) -> tree.Ident:
        return tree.Ident(str(token), self.place(token))

    def number(self, token: Token) -> tree.NumberValue:
        return tree.NumberValue(str(token), self.place(token))

    def string(self, token: Token) -> tree.StringValue:
        return tree.StringValue(unescape(token[1:-1]), self.place(token))

    def text(self, token: Token) -> tree.TextValue:
        place = self.place(token)
        return tree.TextValue(str(token[3:-3]), place.start + 3, place)

    def doc(self, nodes: list[Any]) -> tuple[str, ...]:
        return tuple(token[2:].strip() for token in nodes if isinstance(token, Token) and token.type == "DOC")

    def settings(self, *blocks: Any) -> tuple[tree.Setting, ...]:
        """The settings of a block; () where the block was left out."""
        return tuple(self.build(child) for block in blocks for child in block.children)

    def named(self, nodes: list[Any], *types: str) -> list[Token]:
        return [token for token in nodes if isinstance(token, Token) and token.type in types]


def unescape(written: str) -> str:
    r"""The text of a string as written between its quotes: `\n`, `\t`, `\"` and `\\`; other escapes stay as they are."""
    return unescape_block(written, 0).text
