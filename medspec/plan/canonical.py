"""Templates without the names their author chose: what is left is what they write.

    {{ stem }}{% for option in options %}{{ option }}{% endfor %}   ->   {{ p0 }}{% for loop 0 in p1 %}{{ loop 0 }}{% endfor %}

Two templates that differ only in the names of parameters and loops are equal in this form. Names that fill the text are
numbered in the order in which they appear, loop names by how deep the loop stands.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from medspec.syntax import template
from medspec.syntax.template import Expression, Piece


@attrs.define
class Canonical:
    """Renames one prompt after the other. `names` says which name each has become, for what fills them."""

    names: dict[str, str] = attrs.field(factory=dict)

    def pieces(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return tuple(self._piece(piece, {}) for piece in pieces)

    def _piece(self, piece: Piece, loops: Mapping[str, str]) -> Piece:
        match piece:
            case template.Output(expression):
                return template.Output(self._expression(expression, loops))
            case template.If(branches, otherwise):
                renamed = tuple((self._expression(test, loops), self._body(body, loops)) for test, body in branches)
                return template.If(renamed, self._body(otherwise, loops))
            case template.For(name, over, body):
                over = self._expression(over, loops)
                own = f"loop {len(loops)}"
                return template.For(own, over, self._body(body, {**loops, name: own}))
        return piece

    def _body(self, body: tuple[Piece, ...], loops: Mapping[str, str]) -> tuple[Piece, ...]:
        return tuple(self._piece(piece, loops) for piece in body)

    def _expression(self, expression: Expression, loops: Mapping[str, str]) -> Expression:
        match expression:
            case template.Name("loop") if loops:
                return expression
            case template.Name(name):
                return template.Name(loops.get(name) or self.names.setdefault(name, f"p{len(self.names)}"))
            case template.Filter(target, "_box" | "_boxes", (order, frame, of)):
                image = self._expression(template.Name(of), loops)
                assert isinstance(image, template.Name)
                return attrs.evolve(
                    expression, target=self._expression(target, loops), arguments=(order, frame, image.name)
                )
            case template.Attribute() | template.Item() | template.Filter():
                return attrs.evolve(expression, target=self._expression(expression.target, loops))
            case template.Compare(left, op, right):
                return template.Compare(self._expression(left, loops), op, self._expression(right, loops))
            case template.Logic(op, terms):
                return template.Logic(op, tuple(self._expression(term, loops) for term in terms))
        return expression
