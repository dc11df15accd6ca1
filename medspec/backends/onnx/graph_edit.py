"""A decoder graph changed in memory: nodes get other inputs, nodes and inputs are added, and the file is left alone.

Only the bytes of the nodes concerned are written anew; weights are neither read nor copied (`graph_weights.py`). What a
change wants to know of the graph is in `Graph`, and what it wants done it writes into an `Edit`:

    changed(path, pick_logits, see_trees)      a graph for ONNX Runtime, or None where no change found its place

Refuses, with None, files of two gigabytes and more, damaged ones, and graphs of an operator set before 11.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from medspec.backends.onnx.graph_weights import Span, place_weights
from medspec.backends.onnx.graph_write import (
    GRAPH_INPUT,
    GRAPH_NODE,
    GRAPH_TENSOR,
    Numbers,
    constant_of,
    node_around,
    node_of,
    value_of,
)
from medspec.backends.onnx.wire import (
    BYTES,
    FIXED32,
    Damaged,
    field_of,
    fields,
    head_of,
    number_at,
    numbers_at,
    text_at,
)

# Field numbers of onnx.proto.
_MODEL_GRAPH, _MODEL_OPSET = 7, 8
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_GRAPH_OUTPUT = 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_KIND, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOAT, _ATTRIBUTE_NUMBER, _ATTRIBUTE_TENSOR, _ATTRIBUTE_NUMBERS = 1, 2, 3, 5, 8
_TENSOR_DIMENSION, _TENSOR_WHOLE, _TENSOR_NAME, _TENSOR_RAW = 1, 7, 8, 9
_VALUE_NAME, _VALUE_TYPE = 1, 2

_FIRST_OPSET = 11  # of GatherND
_LARGEST = 2**31 - 2**16  # bytes a protobuf message may have
_FEW = 16  # bytes of a constant whose value is kept


@attrs.frozen
class Constant:
    """A constant of the graph: its shape, and its value where that is a whole number of 64 bits or a few of them."""

    shape: tuple[int, ...]
    value: tuple[int, ...] | None


@attrs.frozen
class Node:
    """A node: `numbers` are its attributes that are numbers, or lists of whole ones."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: Mapping[str, tuple[float, ...]]
    tensor: Constant | None
    start: int
    """First byte of the node's field in the file, its tag included."""
    inside: int
    end: int


@attrs.frozen
class Graph:
    """The outline of a graph. `inputs` are the declared ones with their number types."""

    nodes: tuple[Node, ...]
    inputs: Mapping[str, int]
    outputs: frozenset[str]
    constants: Mapping[str, Constant]
    weights: tuple[Span, ...]
    opset: int
    start: int
    inside: int
    end: int


@attrs.frozen
class ChangedGraph:
    """The bytes of a graph, and the folder beside which its weights lie."""

    content: bytes
    folder: Path


@attrs.define
class Edit:
    """What is to be changed, by the places of nodes in `Graph.nodes`."""

    inputs_of: dict[int, list[str]] = attrs.field(factory=dict)
    added: dict[int, list[bytes]] = attrs.field(factory=dict)
    """Nodes that come before the one at that place."""
    instead: dict[int, Callable[[bytes], bytes]] = attrs.field(factory=dict)
    """What makes another node of all that is said about one but its name, inputs and outputs."""
    declared: list[bytes] = attrs.field(factory=list)

    def inputs(self, graph: Graph, place: int) -> list[str]:
        """The inputs of a node, to be changed."""
        return self.inputs_of.setdefault(place, list(graph.nodes[place].inputs))

    def add(self, place: int, kind: str, inputs: Sequence[str], output: str, numbers: Numbers | None = None) -> None:
        """A node with one output."""
        node = node_of(kind, inputs, (output,), numbers)
        self.added.setdefault(place, []).append(field_of(GRAPH_NODE, node))

    def declare(self, name: str, number_type: int, shape: Sequence[int | str]) -> None:
        """An input of the graph; a text stands for a size that is not known."""
        self.declared.append(field_of(GRAPH_INPUT, value_of(name, number_type, shape)))

    def hold(self, name: str, values: Sequence[int] | float) -> None:
        """A constant of the graph."""
        self.declared.append(field_of(GRAPH_TENSOR, constant_of(name, values)))


Change = Callable[[Graph, Edit], bool]
"""Writes what it wants into the edit; False, and nothing written, where the graph is not what it looks for."""


def changed(path: Path, *changes: Change) -> ChangedGraph | None:
    """The graph in `path` with those of the changes that find their place; None where none does."""
    if path.stat().st_size > _LARGEST:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            graph, edit = _read(data), Edit()
            if graph is None or not [change for change in changes if change(graph, edit)]:
                return None
            weights, folder = place_weights(data, graph.weights, path)
            return ChangedGraph(_rewritten(data, graph, edit, weights), folder)
        except Damaged:
            return None


def _read(data: mmap.mmap) -> Graph | None:
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
    nodes: list[Node] = []
    constants: dict[str, Constant] = {}
    inputs: dict[str, int] = {}
    outputs: list[str] = []
    weights: list[Span] = []
    before = inside
    for field, wire, first, last in fields(data, inside, end):
        if wire == BYTES and field == GRAPH_NODE:
            nodes.append(_node(data, before, first, last))
        elif wire == BYTES and field == GRAPH_TENSOR:
            name, constant = _constant(data, first, last)
            constants[name] = constant
            weights.append(Span(before, first, last))
        elif wire == BYTES and field == GRAPH_INPUT:
            inputs.update(_declared(data, first, last))
        elif wire == BYTES and field == _GRAPH_OUTPUT:
            outputs += [name for name, _ in _declared(data, first, last)]
        before = last
    constants.update({node.outputs[0]: node.tensor for node in nodes if node.tensor is not None and node.outputs})
    return Graph(tuple(nodes), inputs, frozenset(outputs), constants, tuple(weights), version, start, inside, end)


def _default_opset(data: mmap.mmap, start: int, end: int) -> int:
    domain, version = "", 0
    for field, _, first, last in fields(data, start, end):
        if field == _OPSET_DOMAIN:
            domain = text_at(data, first, last)
        elif field == _OPSET_VERSION:
            version = number_at(data, first, last)
    return version if domain in ("", "ai.onnx") else 0


def _node(data: mmap.mmap, start: int, inside: int, end: int) -> Node:
    found: dict[int, list[str]] = {_NODE_INPUT: [], _NODE_OUTPUT: [], _NODE_KIND: [""]}
    numbers: dict[str, tuple[float, ...]] = {}
    tensor = None
    for field, wire, first, last in fields(data, inside, end):
        if field in found and wire == BYTES:
            found[field].append(text_at(data, first, last))
        elif field == _NODE_ATTRIBUTE and wire == BYTES:
            name, listed, held = _attribute(data, first, last)
            numbers[name] = listed
            tensor = held or tensor
    kind = found[_NODE_KIND][-1]
    constant = tensor if kind == "Constant" else None
    return Node(kind, tuple(found[_NODE_INPUT]), tuple(found[_NODE_OUTPUT]), numbers, constant, start, inside, end)


def _attribute(data: mmap.mmap, start: int, end: int) -> tuple[str, tuple[float, ...], Constant | None]:
    name, tensor = "", None
    numbers: list[float] = []
    for field, wire, first, last in fields(data, start, end):
        if field == _ATTRIBUTE_NAME:
            name = text_at(data, first, last)
        elif field == _ATTRIBUTE_FLOAT and wire == FIXED32:
            numbers += struct.unpack("<f", data[first:last])
        elif field in (_ATTRIBUTE_NUMBER, _ATTRIBUTE_NUMBERS):
            numbers += numbers_at(data, first, last)
        elif field == _ATTRIBUTE_TENSOR and wire == BYTES:
            tensor = _constant(data, first, last)[1]
    return name, tuple(numbers), tensor


def _constant(data: mmap.mmap, start: int, end: int) -> tuple[str, Constant]:
    name, shape, value = "", [], None
    for field, _, first, last in fields(data, start, end):
        if field == _TENSOR_DIMENSION:
            shape += numbers_at(data, first, last)
        elif field == _TENSOR_NAME:
            name = text_at(data, first, last)
        elif field == _TENSOR_WHOLE and last - first <= _FEW:
            value = (*(value or ()), *numbers_at(data, first, last))
        elif field == _TENSOR_RAW and last - first <= _FEW and (last - first) % 8 == 0:
            whole = (data[at : at + 8] for at in range(first, last, 8))
            value = tuple(int.from_bytes(piece, "little", signed=True) for piece in whole)
    return name, Constant(tuple(shape), value)


def _declared(data: mmap.mmap, start: int, end: int) -> Iterator[tuple[str, int]]:
    """The name of an input or output with the number type of its tensor; 0 for what is no tensor."""
    name, kind = "", 0
    for field, wire, first, last in fields(data, start, end):
        if field == _VALUE_NAME and wire == BYTES:
            name = text_at(data, first, last)
        elif field == _VALUE_TYPE and wire == BYTES:
            tensors = [(at, to) for inner, _, at, to in fields(data, first, last) if inner == 1]
            for at, to in tensors:
                kind = next((number_at(data, *span) for inner, _, *span in fields(data, at, to) if inner == 1), 0)
    yield name, kind


def _rewritten(data: mmap.mmap, graph: Graph, edit: Edit, weights: Mapping[Span, bytes]) -> bytes:
    instead = {(span.start, span.end): field_of(GRAPH_TENSOR, tensor) for span, tensor in weights.items()}
    for place in {*edit.inputs_of, *edit.added, *edit.instead}:
        node = graph.nodes[place]
        before, end = b"".join(edit.added.get(place, ())), node.start
        if place in edit.instead:
            made = edit.instead[place](_all_but(data, node, {_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME}))
            before, end = before + field_of(GRAPH_NODE, made), node.end
        elif place in edit.inputs_of:
            rest = _all_but(data, node, {_NODE_INPUT})
            before, end = before + field_of(GRAPH_NODE, node_around(rest, edit.inputs_of[place], ())), node.end
        instead[node.start, end] = before
    pieces: list[bytes] = []
    at = graph.inside
    for (start, end), written in sorted(instead.items()):
        pieces += [data[at:start], written]
        at = end
    pieces += [data[at : graph.end], *edit.declared]
    length = sum(map(len, pieces))
    return b"".join((data[: graph.start], head_of(_MODEL_GRAPH, length), *pieces, data[graph.end :]))


def _all_but(data: mmap.mmap, node: Node, left_out: Collection[int]) -> bytes:
    """The fields of the node's message, without some."""
    pieces = []
    for field, wire, first, last in fields(data, node.inside, node.end):
        if wire != BYTES:
            raise Damaged(f"a node with a number at byte {first}")
        if field not in left_out:
            pieces.append(field_of(field, data[first:last]))
    return b"".join(pieces)
