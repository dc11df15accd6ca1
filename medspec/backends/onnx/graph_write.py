"""Parts of an ONNX graph as bytes: nodes, constants, inputs and outputs, and whole graphs of one node."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from medspec.backends.onnx.wire import field_of

# Field numbers of onnx.proto.
_MODEL_FORMAT, _MODEL_GRAPH, _MODEL_OPSET = 1, 7, 8
_OPSET_VERSION = 2
GRAPH_NODE, _GRAPH_NAME, GRAPH_TENSOR, GRAPH_INPUT, _GRAPH_OUTPUT = 1, 2, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_KIND, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 3, 4, 5, 7
_ATTRIBUTE_NAME, _ATTRIBUTE_NUMBER, _ATTRIBUTE_GRAPH, _ATTRIBUTE_NUMBERS, _ATTRIBUTE_TYPE = 1, 3, 6, 8, 20
_IS_NUMBER, _IS_GRAPH, _IS_NUMBERS = 2, 5, 7
_TENSOR_DIMENSION, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_VALUE_NAME, _VALUE_TYPE = 1, 2

FLOAT, INT64, BOOL = 1, 7, 9
"""Number types of ONNX: of 32 and of 64 bits, and true or false."""

_SMALL_OPSET, _SMALL_FORMAT = 13, 8  # of graphs of one node


Numbers = Mapping[str, int | Sequence[int]]
"""Attributes that are whole numbers, or lists of them."""


def node_of(
    kind: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    numbers: Numbers | None = None,
    *,
    domain: str = "",
    graphs: Mapping[str, bytes] | None = None,
) -> bytes:
    """A node, named as its first output, with its attributes."""
    held = [_attribute(name, field_of(_ATTRIBUTE_GRAPH, graph), _IS_GRAPH) for name, graph in (graphs or {}).items()]
    if domain:
        held.append(field_of(_NODE_DOMAIN, domain))
    rest = field_of(_NODE_NAME, outputs[0]) + field_of(_NODE_KIND, kind) + b"".join(held)
    return node_around(rest, inputs, outputs, numbers)


def node_around(rest: bytes, inputs: Sequence[str], outputs: Sequence[str], numbers: Numbers | None = None) -> bytes:
    """A node of inputs, outputs, what else is said about it, and some attributes more."""
    named = (
        *(field_of(_NODE_INPUT, name) for name in inputs),
        *(field_of(_NODE_OUTPUT, name) for name in outputs),
        rest,
        *(_numbers_attribute(name, value) for name, value in (numbers or {}).items()),
    )
    return b"".join(named)


def _numbers_attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _attribute(name, field_of(_ATTRIBUTE_NUMBER, value), _IS_NUMBER)
    return _attribute(name, b"".join(field_of(_ATTRIBUTE_NUMBERS, number % 2**64) for number in value), _IS_NUMBERS)


def _attribute(name: str, content: bytes, kind: int) -> bytes:
    return field_of(_NODE_ATTRIBUTE, field_of(_ATTRIBUTE_NAME, name) + content + field_of(_ATTRIBUTE_TYPE, kind))


def constant_of(name: str, values: Sequence[int] | float) -> bytes:
    """A constant: a list of whole numbers, or one number of 32 bits."""
    if isinstance(values, float):
        sizes, kind, raw = b"", FLOAT, struct.pack("<f", values)
    else:
        sizes, kind = field_of(_TENSOR_DIMENSION, len(values)), INT64
        raw = struct.pack(f"<{len(values)}q", *values)
    return sizes + field_of(_TENSOR_TYPE, kind) + field_of(_TENSOR_NAME, name) + field_of(_TENSOR_RAW, raw)


def value_of(name: str, number_type: int, shape: Sequence[int | str] | None) -> bytes:
    """An input or output; a text stands for a size that is not known, and no shape for one that is not."""
    tensor = field_of(1, number_type)
    if shape is not None:
        size = b"".join(field_of(1, field_of(1 if isinstance(part, int) else 2, part)) for part in shape)
        tensor += field_of(2, size)
    return field_of(_VALUE_NAME, name) + field_of(_VALUE_TYPE, field_of(1, tensor))


def inner_graph(name: str, nodes: Sequence[bytes], outputs: Sequence[str], number_type: int) -> bytes:
    """A graph for an attribute: it takes what it names from around it, and gives tensors of one number type."""
    given = (field_of(_GRAPH_OUTPUT, value_of(output, number_type, None)) for output in outputs)
    return b"".join((*(field_of(GRAPH_NODE, node) for node in nodes), field_of(_GRAPH_NAME, name), *given))


Declared = Mapping[str, tuple[int, Sequence[int | str]]]
"""Inputs or outputs by name: number type and shape."""


def small_graph(kind: str, inputs: Declared, outputs: Declared) -> bytes:
    """A model of one node without attributes, which takes and gives everything in the order of the declarations."""
    node = field_of(GRAPH_NODE, node_of(kind, tuple(inputs), tuple(outputs)))
    taken = [field_of(GRAPH_INPUT, value_of(name, *declared)) for name, declared in inputs.items()]
    given = [field_of(_GRAPH_OUTPUT, value_of(name, *declared)) for name, declared in outputs.items()]
    graph = b"".join((node, field_of(_GRAPH_NAME, kind), *taken, *given))
    opset = field_of(_MODEL_OPSET, field_of(_OPSET_VERSION, _SMALL_OPSET))
    return field_of(_MODEL_FORMAT, _SMALL_FORMAT) + field_of(_MODEL_GRAPH, graph) + opset
