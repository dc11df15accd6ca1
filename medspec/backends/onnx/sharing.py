"""Rows that begin alike attend to their beginning together: a decoder graph changed so that it holds it once for all.

    beginning |640 positions, once       |        one product of all rows' queries with its keys
    row 0     |own positions             |        `GroupQueryAttention`, as before
    row 1     |own positions, fewer|

A step of one token for each row reads the keys and values of all rows, and mostly those of what all have in common. The
two parts of an attention are put together by the sums of their exponentials, which the operator gives on request:

    attention = beginning + w (own - beginning)        w = sigmoid(log sum exp own - log sum exp beginning)

Each attention becomes a choice between what it was and this, so that everything else runs as before. For steps of one
token only. Refuses what `trees.see_trees` refuses, caches that are not in float32, and rotations by unknown numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from medspec.backends.onnx.graph_edit import Edit, Graph, Node
from medspec.backends.onnx.graph_write import BOOL, FLOAT, Numbers, inner_graph, node_around, node_of
from medspec.backends.onnx.trees import ATTENTION, POSITIONS, see_trees

if TYPE_CHECKING:
    import onnxruntime

SHARES = "medspec_shares"
"""The input that is added, true where rows share a beginning."""

BEGINNING = "medspec_beginning."
"""Put before the name of a cache input: the beginning's keys [heads, size, positions], or values [heads, positions, size]."""

_PAST_KEY, _PAST_VALUE, _COS, _SIN, _AFTER = 3, 4, 7, 8, 11
_ALIKE = ("num_heads", "kv_num_heads", "scale")
_PLAIN = {"softcap": (0.0,), "smooth_softmax": (0,)}
_FIRST_OPSET, _AXES_OPSET = 13, 18
_LOWEST = -3.0e38
_OWN, _SCALE = "medspec_own", "medspec_scale"
_QUERY, _JOINED, _SPLIT, _SUMS, _WHOLE, _ROW, _LAST, _END = (
    f"medspec_shape_{name}" for name in ("query", "joined", "split", "sums", "whole", "row", "last", "end")
)


@attrs.frozen
class Beginning:
    """The keys and values of what all rows begin with, in the order of the caches, and how many positions that are."""

    values: tuple[onnxruntime.OrtValue, ...]
    length: int


def share_beginnings(graph: Graph, edit: Edit) -> bool:
    """Add what `trees.see_trees` adds, and the inputs `SHARES` and `BEGINNING`."""
    places = [place for place, node in enumerate(graph.nodes) if node.kind == ATTENTION]
    kinds = {tuple(graph.nodes[place].numbers.get(name, (0,))[0] for name in _ALIKE) for place in places}
    fits = all(_fits(graph, graph.nodes[place]) for place in places)
    if len(kinds) != 1 or not fits or graph.opset < _FIRST_OPSET or "attention_mask" not in graph.inputs:
        return False
    [(number, kv_number, scale)] = kinds
    heads, kv_heads = int(number), int(kv_number)
    if not kv_heads or heads % kv_heads or not see_trees(graph, edit):
        return False
    _prepare(graph, edit, min(places), heads, kv_heads, scale)
    for place in places:
        node = graph.nodes[place]
        edit.instead[place] = partial(_either, graph, node, tuple(edit.inputs(graph, place)), heads)
        for at, shape in (
            (_PAST_KEY, (kv_heads, "medspec_size", "medspec_shared")),
            (_PAST_VALUE, (kv_heads, "medspec_shared", "medspec_size")),
        ):
            edit.declare(BEGINNING + node.inputs[at], FLOAT, shape)
    edit.declare(SHARES, BOOL, ())
    return True


def _fits(graph: Graph, node: Node) -> bool:
    plain = all(node.numbers.get(name, value) == value for name, value in _PLAIN.items())
    whole = len(node.outputs) == 3 and all(node.outputs) and not any(node.inputs[_AFTER:])
    caches = node.inputs[_PAST_KEY : _PAST_VALUE + 1]
    named = [
        graph.inputs.get(name) == FLOAT and name.endswith(end)
        for name, end in zip(caches, (".key", ".value"), strict=False)
    ]
    turned = node.numbers.get("do_rotary", (0,)) == (0,) or (
        len(node.inputs) > _SIN and node.inputs[_COS] in graph.constants
    )
    return plain and whole and len(named) == 2 and all(named) and turned and "qk_output" not in node.numbers


def _prepare(graph: Graph, edit: Edit, place: int, heads: int, kv_heads: int, scale: float) -> None:
    """What all attentions need: where a row has own positions, and shapes made of the size of a head."""
    group = heads // kv_heads
    edit.add(place, "Cast", ["attention_mask"], f"{_OWN}_flat", {"to": BOOL})
    edit.hold(f"{_OWN}_axes", [1, 2])
    edit.add(place, "Unsqueeze", [f"{_OWN}_flat", f"{_OWN}_axes"], _OWN)
    edit.hold(f"{_OWN}_lowest", _LOWEST)
    edit.hold(_LAST, [-1])
    edit.add(place, "Shape", [graph.nodes[place].inputs[_PAST_KEY]], f"{_END}_past")
    edit.hold(f"{_END}_axis", [3])
    edit.add(place, "Gather", [f"{_END}_past", f"{_END}_axis"], f"{_END}_size", {"axis": 0})
    edit.hold(f"{_END}_heads", [heads])
    edit.add(place, "Mul", [f"{_END}_heads", f"{_END}_size"], _END)
    for name, before in ((_JOINED, [kv_heads, -1]), (_SPLIT, [kv_heads, -1, group])):
        edit.hold(f"{name}_before", before)
        edit.add(place, "Concat", [f"{name}_before", f"{_END}_size"], name, {"axis": 0})
    if scale:
        edit.hold(_SCALE, scale)
    else:
        edit.hold(f"{_SCALE}_power", -0.5)
        edit.add(place, "Cast", [f"{_END}_size"], f"{_SCALE}_size", {"to": FLOAT})
        edit.add(place, "Pow", [f"{_SCALE}_size", f"{_SCALE}_power"], _SCALE)
    edit.hold(_QUERY, [0, kv_heads, group, -1])
    edit.hold(_SUMS, [kv_heads, -1, group, 1])
    edit.hold(_ROW, [0, kv_heads, group, 1])
    edit.hold(_WHOLE, [0, 1, -1])
    if any(node.kind == ATTENTION and not node.inputs[1] for node in graph.nodes):
        edit.hold(f"{_END}_start", [0])
        edit.hold(f"{_END}_query", [2])


def _either(graph: Graph, node: Node, inputs: Sequence[str], heads: int, rest: bytes) -> bytes:
    """The choice between the attention as it was and the one with a beginning."""
    before = [f"{name}_medspec_alone" for name in node.outputs]
    alone = inner_graph("alone", [node_around(rest, inputs, before)], before, FLOAT)
    nodes, outputs = _Parts(graph, node, inputs, heads, rest).together()
    together = inner_graph("together", nodes, outputs, FLOAT)
    return node_of("If", [SHARES], node.outputs, graphs={"then_branch": together, "else_branch": alone})


@attrs.define
class _Parts:
    """The nodes of one attention with a beginning. Shapes are [rows or heads, ..], in a step of one token a row."""

    graph: Graph
    node: Node
    inputs: Sequence[str]
    heads: int
    rest: bytes
    nodes: list[bytes] = attrs.field(factory=list)

    def together(self) -> tuple[list[bytes], list[str]]:
        output, *presents = (f"{name}_medspec_together" for name in self.node.outputs)
        own, scores = self.name("own"), self.name("scores")
        seen = [*self.inputs[: _AFTER - 1]]
        self.nodes.append(node_around(self.rest, seen, [own, *presents, scores], {"qk_output": 1}))
        begun, begun_sum = self._of_beginning()
        hidden = self.op("Where", [_OWN, scores, f"{_OWN}_lowest"])
        own_sum = self.op("Reshape", [self.reduced("ReduceLogSumExp", hidden), _ROW])
        share = self.op("Sigmoid", [self.op("Sub", [own_sum, begun_sum])])
        moved = self.op("Mul", [self.op("Sub", [self.op("Reshape", [own, _QUERY]), begun]), share])
        both = self.op("Add", [begun, moved])
        self.nodes.append(node_of("Reshape", [both, _WHOLE], [output]))
        return self.nodes, [output, *presents]

    def _of_beginning(self) -> tuple[str, str]:
        """The attention to the beginning alone [rows, kv heads, group, size], and the log of its sum [.., 1]."""
        queries = self.op("Transpose", [self.op("Reshape", [self._query(), _QUERY])], {"perm": [1, 0, 2, 3]})
        query = self.op("Mul", [self.op("Reshape", [queries, _JOINED]), _SCALE])
        scores = self.op("MatMul", [query, BEGINNING + self.node.inputs[_PAST_KEY]])
        most = self.reduced("ReduceMax", scores)
        weights = self.op("Exp", [self.op("Sub", [scores, most])])
        total = self.reduced("ReduceSum", weights)
        mixed = self.op("MatMul", [weights, BEGINNING + self.node.inputs[_PAST_VALUE]])
        mean = self.op("Reshape", [self.op("Div", [mixed, total]), _SPLIT])
        summed = self.op("Reshape", [self.op("Add", [most, self.op("Log", [total])]), _SUMS])
        by_row = {"perm": [1, 0, 2, 3]}
        return self.op("Transpose", [mean], by_row), self.op("Transpose", [summed], by_row)

    def _query(self) -> str:
        """The queries [rows, 1, heads * size], turned by their positions."""
        query = self.inputs[0]
        if not self.inputs[1]:  # queries, keys and values in one
            query = self.op("Slice", [query, f"{_END}_start", _END, f"{_END}_query"])
        if self.node.numbers.get("do_rotary", (0,)) == (0,):
            return query
        cos, sin = self.inputs[_COS], self.inputs[_SIN]
        numbers = {
            "interleaved": int(self.node.numbers.get("rotary_interleaved", (0,))[0]),
            "num_heads": self.heads,
            "rotary_embedding_dim": 2 * self.graph.constants[cos].shape[-1],
        }
        return self.op("RotaryEmbedding", [query, POSITIONS, cos, sin], numbers, domain="com.microsoft")

    def name(self, what: str) -> str:
        return f"{self.node.outputs[0]}_medspec_{what}"

    def op(self, kind: str, inputs: Sequence[str], numbers: Numbers | None = None, *, domain: str = "") -> str:
        output = self.name(f"{len(self.nodes)}_{kind}")
        self.nodes.append(node_of(kind, inputs, [output], numbers, domain=domain))
        return output

    def reduced(self, kind: str, name: str) -> str:
        """Over the last axis, which stays."""
        if kind == "ReduceSum" or self.graph.opset >= _AXES_OPSET:
            return self.op(kind, [name, _LAST], {"keepdims": 1})
        return self.op(kind, [name], {"keepdims": 1, "axes": [-1]})
