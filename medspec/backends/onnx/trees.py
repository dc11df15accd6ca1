"""Several continuations of one beginning in one row: a decoder graph changed so that it is told who sees whom.

    prompt |option 1 |option 2     |option 3            one row of tokens, read at once
    0 1 2 3|4 5 6    |4 5 6 7      |4 5                 the positions they are at
                                                        and each option sees the prompt and itself

`GroupQueryAttention` takes positions and a number to be added to each product of query and key, and a graph that uses it
without either can be given both. Every run reads all weights, so that four short runs cost far more than one.

Refuses graphs that say how far back a token sees, since that would be counted along the row, and graphs that count
positions in some other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.onnx.graph_edit import Edit, Graph, Node
from medspec.backends.onnx.graph_write import INT64

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy
    from numpy.typing import NDArray

POSITIONS, SEEN = "medspec_positions", "medspec_seen"
"""The inputs that are added: [rows, new], and [1, 1, new, positions] with 0 where a token is seen and else a very low number."""

ATTENTION = "GroupQueryAttention"
"""The operator that can be told."""

_PAST, _POSITIONS, _BIAS = 3, 9, 10
_LOWEST = {"float32": -3.0e38, "float16": -6.0e4}
_PLAIN = {"local_window_size": (-1,), "sliding_window_cache": (0,), "causal": (1,)}


def see_trees(graph: Graph, edit: Edit) -> bool:
    """Add the inputs `POSITIONS` and `SEEN`."""
    attentions = [place for place, node in enumerate(graph.nodes) if node.kind == ATTENTION]
    turned = {graph.nodes[place].numbers.get("do_rotary", (0,)) == (1,) for place in attentions}
    kinds = {graph.inputs.get(graph.nodes[place].inputs[_PAST]) for place in attentions if _fits(graph.nodes[place])}
    # Where the operator turns no vectors itself, the graph does, by its own positions.
    told = turned == {True} or (turned == {False} and "position_ids" in graph.inputs)
    if not told or len(kinds) != 1 or not all(_fits(graph.nodes[place]) for place in attentions):
        return False
    [kind] = kinds
    if kind is None:
        return False
    for place in attentions:
        inputs = edit.inputs(graph, place)
        inputs += [""] * (_BIAS + 1 - len(inputs))
        inputs[_BIAS] = SEEN
        if turned == {True}:
            inputs[_POSITIONS] = POSITIONS
    if turned == {True}:
        edit.declare(POSITIONS, INT64, ("medspec_rows", "medspec_new"))
    edit.declare(SEEN, kind, (1, 1, "medspec_new", "medspec_reach"))
    return True


def _fits(node: Node) -> bool:
    """An attention without a window, without positions and without anything added to its products."""
    plain = all(node.numbers.get(name, value) == value for name, value in _PLAIN.items())
    return plain and len(node.inputs) > _PAST and not any(node.inputs[_POSITIONS : _BIAS + 1])


@attrs.frozen
class Tree:
    """What a run of a tree is told: the position of each new token [1, new], and `SEEN`."""

    positions: NDArray[numpy.int64]
    seen: NDArray[Any]


def tree_of(context: int, done: int, tails: Sequence[int], floats: str) -> Tree:
    """The tree of a context and of tails of these lengths behind it; the first `done` tokens of the context are not new."""
    import numpy as np

    reach = context + sum(tails)
    starts = np.cumsum([context, *tails])
    positions = np.arange(reach)
    for start, length in zip(starts.tolist(), tails, strict=False):
        positions[start : start + length] = np.arange(context, context + length)
    seen = np.zeros((1, 1, reach - done, reach), dtype=floats)
    for start, length in zip(starts.tolist(), tails, strict=False):
        seen[0, 0, start - done : start - done + length, context:start] = _LOWEST[floats]
    return Tree(positions[None, done:], seen)
