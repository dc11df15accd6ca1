"""Logits only where they are read: a decoder graph changed so that its last part sees few positions.

    hidden [rows, new, size]  ->  MatMul  ->  logits [rows, new, ids]                      before
    hidden  ->  GatherND(`PLACES` [1, n, 2])  ->  MatMul  ->  logits [1, n, ids]            after

A vocabulary of 150,000 makes that product a quarter of a small model's work, and its output half a gigabyte for one
prompt. Positions are picked as early as can be: behind the last attention every position is worked on for itself, so of
the last layer's products only those at the positions that are read are computed.

Refuses every graph in which it does not find exactly this: the caller goes on with all logits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import attrs

from medspec.backends.onnx.graph_edit import Edit, Graph, Node
from medspec.backends.onnx.graph_write import INT64

PLACES = "medspec_logit_places"
"""The input that is added, [1, n, 2]: row, and position among the new tokens, of each of the n logits that are read."""

_PICKED = "medspec_picked"

_HEADS = frozenset({"MatMul", "MatMulNBits"})
_ALONE = frozenset({"Identity", "Cast", "Tanh"})
_WITH_CONSTANT = frozenset({"Add", "Sub", "Mul", "Div"})
"""What may stand between the product and the logits: each logit is made of one, and of numbers of the graph."""

_NUMBER_BY_NUMBER = frozenset(
    "Identity Cast Tanh Sigmoid Sqrt Reciprocal Neg Exp Erf Relu Softplus Gelu FastGelu QuickGelu "
    "Add Sub Mul Div Pow".split()
)
_VECTOR_BY_VECTOR = frozenset(
    {"SimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", "LayerNormalization", "SkipLayerNormalization"}
)
_MEANS = frozenset({"ReduceMean", "ReduceSum"})
"""What works on each position for itself, given constants of one position's size at most."""


def pick_logits(graph: Graph, edit: Edit) -> bool:
    """Add the input `PLACES` and pick positions as early as can be."""
    return _pick(graph, edit, whole_layer=True)


def pick_last(graph: Graph, edit: Edit) -> bool:
    """The same, before the product that makes the logits and no earlier."""
    return _pick(graph, edit, whole_layer=False)


def _pick(graph: Graph, edit: Edit, *, whole_layer: bool) -> bool:
    uses: dict[str, list[int]] = defaultdict(list)
    for place, node in enumerate(graph.nodes):
        for name in node.inputs:
            uses[name].append(place)
    head = _find_head(graph, uses)
    if head is None:
        return False
    inside = _Inside(graph, uses, head)
    if whole_layer:
        inside.grow()
    for number, (name, places) in enumerate(sorted(inside.fed().items())):
        picked = f"{_PICKED}_{number}"
        edit.add(min(places), "GatherND", (name, PLACES), picked)
        for place in places:
            inputs = edit.inputs(graph, place)
            inputs[:] = [picked if one == name else one for one in inputs]
    edit.declare(PLACES, INT64, (1, "medspec_n", 2))
    return True


@attrs.define
class _Inside:
    """The nodes that see picked positions only, by their places: the head, and what is used by such nodes alone."""

    graph: Graph
    uses: Mapping[str, list[int]]
    head: int
    places: set[int] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.places.add(self.head)

    def grow(self) -> None:
        for place in range(self.head - 1, -1, -1):
            node = self.graph.nodes[place]
            used = {at for name in node.outputs for at in self.uses.get(name, ())}
            given = any(name in self.graph.outputs for name in node.outputs)
            if used and used <= self.places and not given and self._each_position_alone(node):
                self.places.add(place)

    def fed(self) -> dict[str, list[int]]:
        """What comes in from outside, and the nodes that take it."""
        found: dict[str, list[int]] = defaultdict(list)
        made = {name for place in self.places for name in self.graph.nodes[place].outputs}
        for place in sorted(self.places):
            for name in dict.fromkeys(self._changing(self.graph.nodes[place])):
                if name not in made:
                    found[name].append(place)
        return found

    def _changing(self, node: Node) -> list[str]:
        return [name for name in node.inputs if name and name not in self.graph.constants]

    def _each_position_alone(self, node: Node) -> bool:
        constants = {name: self.graph.constants[name] for name in node.inputs if name in self.graph.constants}
        if not self._changing(node):
            return False
        if node.kind in _HEADS:
            return len(self._changing(node)) == 1 and node.inputs[0] not in constants
        if node.kind in _MEANS:
            axes = node.numbers.get("axes") or (constants[node.inputs[-1]].value if constants else None)
            return axes == (-1,) and node.numbers.get("keepdims", (1,)) == (1,)
        if node.kind in _VECTOR_BY_VECTOR:
            return node.numbers.get("axis", (-1,)) == (-1,)
        small = all(set(constant.shape[:-1]) <= {1} for constant in constants.values())
        return node.kind in _NUMBER_BY_NUMBER and small


def _find_head(graph: Graph, uses: Mapping[str, list[int]]) -> int | None:
    """The product that makes the logits, where nothing but the logits comes of it."""
    makers = {name: place for place, node in enumerate(graph.nodes) for name in node.outputs}
    if {PLACES, f"{_PICKED}_0", "num_logits_to_keep"} & (set(makers) | set(graph.inputs)):
        return None
    name = "logits"
    while True:
        place = makers.get(name)
        if place is None or (name != "logits" and (len(uses[name]) != 1 or name in graph.outputs)):
            return None
        node = graph.nodes[place]
        if node.kind in _HEADS and node.inputs:
            # Where both factors change, the product is not each position's own.
            return place if all(one in graph.constants for one in node.inputs[1:]) else None
        before = _one_changing(node, graph, makers)
        if before is None:
            return None
        name = before


def _one_changing(node: Node, graph: Graph, makers: Mapping[str, int]) -> str | None:
    """The one input of a node between product and logits that is not a constant."""
    if node.kind in _ALONE:
        return node.inputs[0]
    if node.kind not in _WITH_CONSTANT:
        return None
    changing = [
        name for name in node.inputs if name not in graph.constants and (name in graph.inputs or name in makers)
    ]
    return changing[0] if len(changing) == 1 else None
