"""The demonstration model as an ONNX graph, built by hand in the generic layout that optimum writes.

    in    input_ids, position_ids [batch, sequence]   attention_mask [batch, past + sequence]
          past_key_values.N.key, .value [batch, kv heads, past, head size]
    out   logits [batch, sequence, vocabulary]        present.N.key, .value [batch, kv heads, past + sequence, head size]

Attention is spelled out in small operators of plain ONNX. It is causal after any past, and looks at the mask, so a batch
may be padded on the left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from medspec.demo.network import Shape

if TYPE_CHECKING:
    import numpy
    import onnx
    from numpy.typing import NDArray

    Weights = Mapping[str, NDArray[numpy.float32]]

OPSET, IR_VERSION = 18, 9
_TO_THE_END = 2**62


@attrs.define
class Graph:
    """Nodes and tables so far. Every method returns the name of what it adds."""

    weights: Weights
    nodes: list[Any]
    tables: dict[str, Any]

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"make_{name}", **attributes))
        return name

    def table(self, name: str, values: Any) -> str:
        import numpy as np

        self.tables.setdefault(name, np.ascontiguousarray(values))
        return name

    def whole(self, *values: int) -> str:
        """A list of whole numbers."""
        import numpy as np

        return self.table("whole_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        import numpy as np

        return self.table(f"number_{value}", np.array(value, dtype=np.float32))

    def linear(self, x: str, name: str) -> str:
        """`x` times a weight that checkpoints store as [out, in] and this graph as [in, out]."""
        return self.add("MatMul", x, self.table(f"{name}.transposed", self.weights[f"{name}.weight"].T))

    def norm(self, x: str, name: str, epsilon: float) -> str:
        """Root-mean-square norm over the last axis."""
        mean = self.add("ReduceMean", self.add("Mul", x, x), self.whole(-1), keepdims=1)
        scale = self.add("Sqrt", self.add("Add", mean, self.number(epsilon)))
        return self.add("Mul", self.add("Div", x, scale), self.table(name, self.weights[f"{name}.weight"]))


def make_graph(shape: Shape, weights: Weights, *, vectors: bool = False) -> onnx.ModelProto:
    """The model as ONNX. `weights` have the names and the layout of a Llama checkpoint, as numpy arrays.

    With `vectors` it takes `inputs_embeds` [batch, sequence, width] in place of `input_ids`.
    """
    graph = Graph(weights, [], {})
    embedding = graph.table("model.embed_tokens", weights["model.embed_tokens.weight"])
    x = "inputs_embeds" if vectors else graph.add("Gather", embedding, "input_ids", axis=0)
    seen, rotation = _mask(graph, x), _rotation(graph, shape)
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        y = graph.norm(x, f"{name}.input_layernorm", shape.epsilon)
        x = graph.add("Add", x, _attention(graph, shape, y, layer, seen, rotation))
        y = graph.norm(x, f"{name}.post_attention_layernorm", shape.epsilon)
        gate = graph.linear(y, f"{name}.mlp.gate_proj")
        inner = graph.add(
            "Mul", graph.add("Mul", gate, graph.add("Sigmoid", gate)), graph.linear(y, f"{name}.mlp.up_proj")
        )
        x = graph.add("Add", x, graph.linear(inner, f"{name}.mlp.down_proj"))
    x = graph.norm(x, "model.norm", shape.epsilon)
    graph.add("MatMul", x, graph.add("Transpose", embedding, perm=[1, 0]), output="logits")
    return finish(graph, *_signature(shape, vectors=vectors))


def finish(graph: Graph, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
    """The model that consists of `graph`."""
    from onnx import helper, numpy_helper

    tables = [numpy_helper.from_array(values, name) for name, values in graph.tables.items()]
    built = helper.make_graph(graph.nodes, "demonstration_model", inputs, outputs, tables)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(built, opset_imports=opsets, ir_version=IR_VERSION, producer_name="medspec.demo")


def _mask(graph: Graph, entry: str) -> str:
    """What is added to attention, [batch, 1, sequence, past + sequence]: 0 where a token sees another, else very low."""
    import numpy as np

    total = graph.add("Gather", graph.add("Shape", "attention_mask"), graph.table("one", np.array(1, dtype=np.int64)))
    new = graph.add("Gather", graph.add("Shape", entry), "one")
    zero = graph.table("zero", np.array(0, dtype=np.int64))
    past = graph.add("Sub", total, new)
    rows = graph.add("Unsqueeze", graph.add("Range", past, total, "one"), graph.whole(1))
    columns = graph.add("Unsqueeze", graph.add("Range", zero, total, "one"), graph.whole(0))
    causal = graph.add("LessOrEqual", columns, rows)
    real = graph.add("Unsqueeze", graph.add("Greater", "attention_mask", zero), graph.whole(1, 2))
    # Finite, so that a row of nothing but padding stays finite too.
    lowest = graph.number(float(np.finfo(np.float32).min))
    return graph.add("Where", graph.add("And", causal, real), graph.number(0.0), lowest)


def _rotation(graph: Graph, shape: Shape) -> tuple[str, str]:
    """Cosine and sine of every position's angles, [batch, 1, sequence, head size]."""
    import numpy as np

    steps = np.arange(0, shape.head_size, 2, dtype=np.float32) / np.float32(shape.head_size)
    frequencies = np.tile(np.float32(shape.theta) ** -steps, 2)
    positions = graph.add("Cast", graph.add("Unsqueeze", "position_ids", graph.whole(1, 3)), to=1)
    angles = graph.add("Mul", positions, graph.table("frequencies", frequencies))
    return graph.add("Cos", angles), graph.add("Sin", angles)


def _rotate(graph: Graph, shape: Shape, x: str, rotation: tuple[str, str]) -> str:
    half = shape.head_size // 2
    first = graph.add("Slice", x, graph.whole(0), graph.whole(half), graph.whole(3))
    second = graph.add("Slice", x, graph.whole(half), graph.whole(_TO_THE_END), graph.whole(3))
    turned = graph.add("Concat", graph.add("Neg", second), first, axis=3)
    return graph.add("Add", graph.add("Mul", x, rotation[0]), graph.add("Mul", turned, rotation[1]))


def _attention(graph: Graph, shape: Shape, x: str, layer: int, seen: str, rotation: tuple[str, str]) -> str:
    name = f"model.layers.{layer}.self_attn"

    def heads(part: str, count: int) -> str:
        split = graph.add("Reshape", graph.linear(x, f"{name}.{part}"), graph.whole(0, 0, count, shape.head_size))
        return graph.add("Transpose", split, perm=[0, 2, 1, 3])

    query = _rotate(graph, shape, heads("q_proj", shape.heads), rotation)
    new = {
        "key": _rotate(graph, shape, heads("k_proj", shape.kv_heads), rotation),
        "value": heads("v_proj", shape.kv_heads),
    }
    for part, fresh in new.items():
        graph.add("Concat", f"past_key_values.{layer}.{part}", fresh, output=f"present.{layer}.{part}", axis=2)
    # One more axis lets the query heads of a group share keys and values without copying them.
    group = shape.heads // shape.kv_heads
    query = graph.add("Reshape", query, graph.whole(0, shape.kv_heads, group, -1, shape.head_size))
    key, value = (graph.add("Unsqueeze", f"present.{layer}.{part}", graph.whole(2)) for part in new)
    dots = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 1, 2, 4, 3]))
    scaled = graph.add("Mul", dots, graph.number(shape.head_size**-0.5))
    allowed = graph.add("Add", scaled, graph.add("Unsqueeze", seen, graph.whole(1)))
    mixed = graph.add("MatMul", graph.add("Softmax", allowed, axis=-1), value)
    joined = graph.add("Reshape", mixed, graph.whole(0, shape.heads, -1, shape.head_size))
    flat = graph.add("Reshape", graph.add("Transpose", joined, perm=[0, 2, 1, 3]), graph.whole(0, 0, -1))
    return graph.linear(flat, f"{name}.o_proj")


def _signature(shape: Shape, *, vectors: bool) -> tuple[list[Any], list[Any]]:
    from onnx import TensorProto, helper

    def value(name: str, kind: int, *size: int | str) -> Any:
        return helper.make_tensor_value_info(name, kind, list(size))

    def cache(prefix: str, length: str) -> list[Any]:
        size = ("batch_size", shape.kv_heads, length, shape.head_size)
        names = [f"{prefix}.{layer}.{part}" for layer in range(shape.layers) for part in ("key", "value")]
        return [value(name, TensorProto.FLOAT, *size) for name in names]

    whole, total = TensorProto.INT64, "past_sequence_length + sequence_length"
    entry = value("input_ids", whole, "batch_size", "sequence_length")
    if vectors:
        entry = value("inputs_embeds", TensorProto.FLOAT, "batch_size", "sequence_length", shape.width)
    inputs = [
        entry,
        value("attention_mask", whole, "batch_size", total),
        value("position_ids", whole, "batch_size", "sequence_length"),
        *cache("past_key_values", "past_sequence_length"),
    ]
    logits = value("logits", TensorProto.FLOAT, "batch_size", "sequence_length", shape.vocabulary)
    return inputs, [logits, *cache("present", total)]
