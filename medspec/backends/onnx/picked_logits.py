"""Logits only where they are read: a decoder graph changed in memory, so that its last product sees few positions.

    hidden [rows, new, size]  ->  MatMul  ->  logits [rows, new, ids]                      before
    hidden  ->  GatherND(`PLACES` [1, n, 2])  ->  MatMul  ->  logits [1, n, ids]            after

A vocabulary of 150,000 makes that product a quarter of a small model's work, and its output half a gigabyte for one
prompt. The file is left alone: two nodes of its bytes are written anew, and weights are not parsed.

Refuses, with None, every graph in which it does not find exactly this: the caller goes on with all logits.
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from medspec.backends.onnx.wire import BYTES, Damaged, field_of, fields, head_of, number_at, text_at

PLACES = "medspec_logit_places"
"""The input that is added, [1, n, 2]: row, and position among the new tokens, of each of the n logits that are read."""

_HIDDEN = "medspec_picked_hidden"

# Field numbers of onnx.proto.
_MODEL_GRAPH, _MODEL_OPSET = 7, 8
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_GRAPH_NODE, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_KIND = 1, 2, 3, 4
_VALUE_NAME, _VALUE_TYPE = 1, 2
_INT64 = 7

_HEADS = frozenset({"MatMul", "MatMulNBits"})
_ALONE = frozenset({"Identity", "Cast", "Tanh"})
_WITH_CONSTANT = frozenset({"Add", "Sub", "Mul", "Div"})
"""What may stand between the product and the logits: each logit is made of one, and of numbers of the graph."""

_FIRST_OPSET = 11  # of GatherND
_LARGEST = 2**31 - 2**16  # bytes a protobuf message may have


@attrs.frozen
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    start: int
    """First byte of the node's field in the file, its tag included."""
    inside: int
    end: int


@attrs.frozen
class _Graph:
    nodes: tuple[_Node, ...]
    inputs: frozenset[str]
    outputs: frozenset[str]
    start: int
    inside: int
    end: int


def pick_logits(path: Path) -> bytes | None:
    """The graph in `path` with the input `PLACES`, or None where it cannot be added."""
    if path.stat().st_size > _LARGEST:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            graph = _read(data)
            head = None if graph is None else _find_head(graph)
            return None if graph is None or head is None else _rewritten(data, graph, head)
        except Damaged:
            return None


def _read(data: mmap.mmap) -> _Graph | None:
    spans: list[tuple[int, int, int]] = []
    before = version = 0
    for field, wire, first, last in fields(data, 0, len(data)):
        if field == _MODEL_GRAPH and wire == BYTES:
            spans.append((before, first, last))
        elif field == _MODEL_OPSET:
            version = max(version, _default_opset(data, first, last))
        before = last
    if len(spans) != 1 or version < _FIRST_OPSET:
        return None
    [(start, inside, end)] = spans
    nodes: list[_Node] = []
    names: dict[int, set[str]] = {_GRAPH_INPUT: set(), _GRAPH_OUTPUT: set()}
    before = inside
    for field, wire, first, last in fields(data, inside, end):
        if wire == BYTES and field == _GRAPH_NODE:
            nodes.append(_node(data, before, first, last))
        elif wire == BYTES and field in names:
            names[field].update(_texts(data, first, last, _VALUE_NAME))
        before = last
    return _Graph(tuple(nodes), frozenset(names[_GRAPH_INPUT]), frozenset(names[_GRAPH_OUTPUT]), start, inside, end)


def _default_opset(data: mmap.mmap, start: int, end: int) -> int:
    domain, version = "", 0
    for field, _, first, last in fields(data, start, end):
        if field == _OPSET_DOMAIN:
            domain = text_at(data, first, last)
        elif field == _OPSET_VERSION:
            version = number_at(data, first, last)
    return version if domain in ("", "ai.onnx") else 0


def _node(data: mmap.mmap, start: int, inside: int, end: int) -> _Node:
    found: dict[int, list[str]] = {_NODE_INPUT: [], _NODE_OUTPUT: [], _NODE_KIND: []}
    for field, wire, first, last in fields(data, inside, end):
        if field in found and wire == BYTES:
            found[field].append(text_at(data, first, last))
    kind = found[_NODE_KIND][-1] if found[_NODE_KIND] else ""
    return _Node(kind, tuple(found[_NODE_INPUT]), tuple(found[_NODE_OUTPUT]), start, inside, end)


def _texts(data: mmap.mmap, start: int, end: int, number: int) -> Iterator[str]:
    for field, wire, first, last in fields(data, start, end):
        if field == number and wire == BYTES:
            yield text_at(data, first, last)


def _find_head(graph: _Graph) -> _Node | None:
    """The product that makes the logits, where nothing but the logits comes of it."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    if {PLACES, _HIDDEN, "num_logits_to_keep"} & (set(makers) | graph.inputs):
        return None
    name = "logits"
    while True:
        node = makers.get(name)
        if node is None or (name != "logits" and (uses[name] != 1 or name in graph.outputs)):
            return None
        if node.kind in _HEADS and node.inputs:
            return node
        before = _one_changing(node, makers, graph.inputs)
        if before is None:
            return None
        name = before


def _one_changing(node: _Node, makers: Mapping[str, _Node], inputs: frozenset[str]) -> str | None:
    """The one input of a node between product and logits that is not a constant."""
    if node.kind in _ALONE:
        return node.inputs[0]
    if node.kind not in _WITH_CONSTANT:
        return None
    changing = [name for name in node.inputs if name in inputs or (name in makers and makers[name].kind != "Constant")]
    return changing[0] if len(changing) == 1 else None


def _rewritten(data: mmap.mmap, graph: _Graph, head: _Node) -> bytes:
    gather = b"".join(
        (
            field_of(_NODE_INPUT, head.inputs[0]),
            field_of(_NODE_INPUT, PLACES),
            field_of(_NODE_OUTPUT, _HIDDEN),
            field_of(_NODE_NAME, _HIDDEN),
            field_of(_NODE_KIND, "GatherND"),
        )
    )
    nodes = field_of(_GRAPH_NODE, gather) + field_of(_GRAPH_NODE, _fed_by(data, head, _HIDDEN))
    added = field_of(_GRAPH_INPUT, _places_value())
    length = (head.start - graph.inside) + len(nodes) + (graph.end - head.end) + len(added)
    pieces = (
        data[: graph.start],
        head_of(_MODEL_GRAPH, length),
        data[graph.inside : head.start],
        nodes,
        data[head.end : graph.end],
        added,
        data[graph.end :],
    )
    return b"".join(pieces)


def _fed_by(data: mmap.mmap, node: _Node, name: str) -> bytes:
    """The node's message with another first input."""
    pieces: list[bytes] = []
    waiting = True
    for field, wire, first, last in fields(data, node.inside, node.end):
        if wire != BYTES:
            raise Damaged(f"a node with a number at byte {first}")
        replaced = waiting and field == _NODE_INPUT
        pieces.append(field_of(field, name if replaced else data[first:last]))
        waiting = waiting and not replaced
    return b"".join(pieces)


def _places_value() -> bytes:
    """`PLACES` as a declared input: int64 [1, n, 2]."""
    size = field_of(1, field_of(1, 1)) + field_of(1, field_of(2, "medspec_n")) + field_of(1, field_of(1, 2))
    tensor = field_of(1, _INT64) + field_of(2, size)
    return field_of(_VALUE_NAME, PLACES) + field_of(_VALUE_TYPE, field_of(1, tensor))
