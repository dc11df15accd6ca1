"""Decoder graphs written by hand with onnx.helper, in the two families that exporters write.

`generic` spells attention out in small operators with a growing cache and a full mask (as optimum exports it), `gqa`
uses the `GroupQueryAttention` operator of com.microsoft (as the onnxruntime-genai builder does). Both compute the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_FLOATS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}
_WHOLE = {"int64": TensorProto.INT64, "int32": TensorProto.INT32}


@attrs.frozen(kw_only=True)
class Shape:
    """The sizes of a tiny decoder. `style` is `llama`, `qwen2` (biases) or `qwen3` (norms on queries and keys)."""

    style: str
    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    theta: float = 10000.0
    epsilon: float = 1e-6


@attrs.frozen(kw_only=True)
class Export:
    """How a graph is written: its family, number types and the optional inputs it declares."""

    family: str = "generic"
    floats: str = "float32"
    ids: str = "int64"
    position_ids: bool = True
    keep: bool = False
    """Declare `num_logits_to_keep`."""
    branch: bool = False
    """Declare `use_cache_branch`, and look at the cache only when it is true."""
    four_bits: bool = False
    """Pack the weights of linear layers into `MatMulNBits`. They must lie on the grid of `round_to_four_bits`."""
    eight_bit_sums: bool = False
    """With `four_bits`: multiply in 8 bits, as exports for the CPU do."""
    learned_positions: bool = False
    """Add `model.embed_positions.weight` to the embeddings, as GPT-2 does. Rotary positions hide a wrong first one."""
    vectors: bool = False
    """Take `inputs_embeds` in place of `input_ids`."""
    sections: tuple[int, ...] = ()
    """Take positions of three parts [3, rows, new]; so many of the frequencies belong to each."""
    position_shift: int = 0
    """A fault for tests: every position is this much too high once there is a cache."""


class _Builder:
    """Collects nodes and weights; every method returns the name of its output."""

    def __init__(self, shape: Shape, export: Export, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.shape, self.export, self.weights = shape, export, weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._known: set[str] = set()

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}_{kind}"
        names = [name, *(f"{name}_{extra}" for extra in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return name

    def rename(self, source: str, name: str) -> None:
        self.nodes.append(helper.make_node("Identity", [source], [name], name=f"out_{name}"))

    def whole(self, *values: int) -> str:
        """A constant list of int64."""
        return self._constant("i_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def scalar(self, value: int) -> str:
        return self._constant(f"s_{value}", np.array(value, dtype=np.int64))

    def number(self, value: float) -> str:
        return self._constant(f"f_{value}", np.array(value, dtype=self.export.floats))

    def table(self, name: str, values: NDArray[Any]) -> str:
        return self._constant(name, values.astype(self.export.floats))

    def weight(self, name: str, *, transposed: bool = False) -> str:
        values = self.weights[name].T if transposed else self.weights[name]
        return self.table(name + (".T" if transposed else ""), np.ascontiguousarray(values))

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        if name not in self._known:
            self._known.add(name)
            self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def linear(self, x: str, name: str) -> str:
        if self.export.four_bits:
            y = self._packed(x, f"{name}.weight")
        else:
            y = self.op("MatMul", x, self.weight(f"{name}.weight", transposed=True))
        return self.op("Add", y, self.weight(f"{name}.bias")) if f"{name}.bias" in self.weights else y

    def _packed(self, x: str, name: str) -> str:
        steps, scales = _four_bits(self.weights[name])
        nibbles = (steps + 8).astype(np.uint8).reshape(*steps.shape[:2], -1, 2)  # 8 is the zero point, if none is given
        packed = self._constant(f"{name}.packed", nibbles[..., 0] | nibbles[..., 1] << 4)
        size = dict(zip("NK", self.weights[name].shape, strict=True))
        inputs = (x, packed, self.table(f"{name}.scales", scales.reshape(-1)))
        how = {"bits": 4, "block_size": _BLOCK, "accuracy_level": 4 if self.export.eight_bit_sums else 0}
        return self.op("MatMulNBits", *inputs, domain="com.microsoft", **how, **size)

    def norm(self, x: str, name: str) -> str:
        """Root-mean-square norm over the last axis, computed in float32 as the reference does."""
        wide = self.op("Cast", x, to=TensorProto.FLOAT)
        epsilon = self._constant("epsilon", np.array(self.shape.epsilon, dtype=np.float32))
        squares = self.op("ReduceMean", self.op("Mul", wide, wide), self.whole(-1), keepdims=1)
        scaled = self.op("Div", wide, self.op("Sqrt", self.op("Add", squares, epsilon)))
        return self.op("Mul", self.op("Cast", scaled, to=_FLOATS[self.export.floats]), self.weight(f"{name}.weight"))

    def split_heads(self, x: str, heads: int) -> str:
        """[rows, new, heads * size] to [rows, new, heads, size]."""
        return self.op("Reshape", x, self.whole(0, 0, heads, self.shape.head_size))


_BLOCK = 32


def round_to_four_bits(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """`weight` [out, in] with every value moved to the nearest one that four bits can say."""
    steps, scales = _four_bits(weight)
    return (steps * scales).reshape(weight.shape).astype(np.float32)


def _four_bits(weight: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Whole steps from -7 to 7 [out, blocks, 32], and the size of a step in every block [out, blocks, 1]."""
    blocks = weight.reshape(weight.shape[0], -1, _BLOCK)
    scales = abs(blocks).max(axis=-1, keepdims=True) / np.float32(7)
    return np.rint(blocks / scales), scales


def make_decoder(shape: Shape, export: Export, weights: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """The graph of a decoder. `weights` has the names and layouts of a transformers checkpoint."""
    b = _Builder(shape, export, weights)
    attention = _generic_attention if export.family == "generic" else _gqa_attention
    context = _generic_context(b) if export.family == "generic" else _gqa_context(b)
    x = "inputs_embeds"
    if not export.vectors:
        ids = b.op("Cast", "input_ids", to=TensorProto.INT64)
        x = b.op("Gather", b.weight("model.embed_tokens.weight"), ids, axis=0)
    if export.learned_positions:
        table = b.weight("model.embed_positions.weight")
        x = b.op("Add", x, b.op("Gather", table, context["positions"], axis=0))
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        x = b.op("Add", x, attention(b, b.norm(x, f"{name}.input_layernorm"), layer, context))
        y = b.norm(x, f"{name}.post_attention_layernorm")
        gate = b.linear(y, f"{name}.mlp.gate_proj")
        inner = b.op("Mul", b.op("Mul", gate, b.op("Sigmoid", gate)), b.linear(y, f"{name}.mlp.up_proj"))
        x = b.op("Add", x, b.linear(inner, f"{name}.mlp.down_proj"))
    x = b.norm(_kept(b, x) if export.keep else x, "model.norm")
    head = "lm_head.weight" if "lm_head.weight" in weights else "model.embed_tokens.weight"
    b.rename(b.op("MatMul", x, b.weight(head, transposed=True)), "logits")
    graph = helper.make_graph(b.nodes, "decoder", _inputs(shape, export), _outputs(shape, export), b.initializers)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def _kept(b: _Builder, x: str) -> str:
    """The last `num_logits_to_keep` positions, all of them when it is 0."""
    length = b.op("Gather", b.op("Shape", x), b.scalar(1))
    rest = b.op("Sub", length, "num_logits_to_keep")
    start = b.op("Where", b.op("Equal", "num_logits_to_keep", b.scalar(0)), b.scalar(0), rest)
    return b.op("Slice", x, b.op("Reshape", start, b.whole(1)), b.whole(2**62), b.whole(1))


def _rotary_tables(shape: Shape) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosines and sines [context, head size / 2]."""
    frequencies = shape.theta ** (-np.arange(0, shape.head_size, 2) / shape.head_size)
    angles = np.arange(shape.context)[:, None] * frequencies[None]
    return np.cos(angles), np.sin(angles)


def _generic_context(b: _Builder) -> dict[str, str]:
    """What all layers share: cosines, sines, the additive mask."""
    mask = b.op("Cast", "attention_mask", to=TensorProto.INT64)
    total = b.op("Gather", b.op("Shape", mask), b.scalar(1))
    new = b.op("Gather", b.op("Shape", "inputs_embeds" if b.export.vectors else "input_ids"), b.scalar(1))
    past = b.op("Sub", total, new)
    if b.export.position_ids:
        positions = b.op("Cast", "position_ids", to=TensorProto.INT64)
    else:
        positions = b.op("Unsqueeze", b.op("Range", past, total, b.scalar(1)), b.whole(0))
    if b.export.position_shift:
        shifted = b.op("Add", positions, b.scalar(b.export.position_shift))
        positions = b.op("Where", b.op("Greater", past, b.scalar(0)), shifted, positions)
    rows = b.op("Unsqueeze", b.op("Range", past, total, b.scalar(1)), b.whole(1))
    columns = b.op("Unsqueeze", b.op("Range", b.scalar(0), total, b.scalar(1)), b.whole(0))
    causal = b.op("LessOrEqual", columns, rows)
    real = b.op("Unsqueeze", b.op("Greater", mask, b.scalar(0)), b.whole(1, 2))
    lowest = float(np.finfo(b.export.floats).min)
    bias = b.op("Where", b.op("And", causal, real), b.number(0.0), b.number(lowest))
    tables = {}
    for name, half in zip(("cos", "sin"), _rotary_tables(b.shape), strict=True):
        picked = b.op("Gather", b.table(name, np.concatenate([half, half], axis=1)), positions, axis=0)
        if b.export.sections:
            owner = np.repeat(np.arange(3), b.export.sections)
            chosen = (np.tile(owner, 2) == np.arange(3)[:, None])[:, None, None]
            picked = b.op("ReduceSum", b.op("Mul", picked, b.table("owner", chosen)), b.whole(0), keepdims=0)
        tables[name] = b.op("Unsqueeze", picked, b.whole(1))
    return {"bias": bias, "positions": positions, **tables}


def _rotated(b: _Builder, x: str, context: Mapping[str, str]) -> str:
    half = b.shape.head_size // 2
    first = b.op("Slice", x, b.whole(0), b.whole(half), b.whole(3))
    second = b.op("Slice", x, b.whole(half), b.whole(2**62), b.whole(3))
    turned = b.op("Concat", b.op("Neg", second), first, axis=3)
    return b.op("Add", b.op("Mul", x, context["cos"]), b.op("Mul", turned, context["sin"]))


def _projected(b: _Builder, x: str, layer: int) -> tuple[str, str, str]:
    """Queries, keys and values [rows, new, heads, size]."""
    name, shape = f"model.layers.{layer}.self_attn", b.shape
    q = b.split_heads(b.linear(x, f"{name}.q_proj"), shape.heads)
    k = b.split_heads(b.linear(x, f"{name}.k_proj"), shape.kv_heads)
    v = b.split_heads(b.linear(x, f"{name}.v_proj"), shape.kv_heads)
    if shape.style == "qwen3":
        q, k = b.norm(q, f"{name}.q_norm"), b.norm(k, f"{name}.k_norm")
    return q, k, v


def _generic_attention(b: _Builder, x: str, layer: int, context: Mapping[str, str]) -> str:
    shape = b.shape
    q, k, v = (b.op("Transpose", part, perm=[0, 2, 1, 3]) for part in _projected(b, x, layer))
    q, k = _rotated(b, q, context), _rotated(b, k, context)
    grown = []
    for name, part in (("key", k), ("value", v)):
        past = f"past_key_values.{layer}.{name}"
        if b.export.branch:
            length = b.op("Mul", b.op("Cast", "use_cache_branch", to=TensorProto.INT64), b.whole(2**62))
            past = b.op("Slice", past, b.whole(0), length, b.whole(2))
        grown.append(b.op("Concat", past, part, axis=2))
        b.rename(grown[-1], f"present.{layer}.{name}")
    group = shape.heads // shape.kv_heads
    q = b.op("Reshape", q, b.whole(0, shape.kv_heads, group, -1, shape.head_size))
    k, v = (b.op("Unsqueeze", part, b.whole(2)) for part in grown)
    dots = b.op("MatMul", q, b.op("Transpose", k, perm=[0, 1, 2, 4, 3]))
    scaled = b.op("Mul", dots, b.number(shape.head_size**-0.5))
    bias = b.op("Unsqueeze", context["bias"], b.whole(1))
    mixed = b.op("MatMul", b.op("Softmax", b.op("Add", scaled, bias), axis=-1), v)
    joined = b.op("Reshape", mixed, b.whole(0, shape.heads, -1, shape.head_size))
    flat = b.op("Reshape", b.op("Transpose", joined, perm=[0, 2, 1, 3]), b.whole(0, 0, -1))
    return b.linear(flat, f"model.layers.{layer}.self_attn.o_proj")


def _gqa_context(b: _Builder) -> dict[str, str]:
    mask = b.op("Cast", "attention_mask", to=TensorProto.INT64)
    lengths = b.op("Sub", b.op("ReduceSum", mask, b.whole(1), keepdims=0), b.scalar(1))
    total = b.op("Gather", b.op("Shape", mask), b.scalar(1))
    cos, sin = _rotary_tables(b.shape)
    return {
        "lengths": b.op("Cast", lengths, to=TensorProto.INT32),
        "total": b.op("Cast", total, to=TensorProto.INT32),
        "cos": b.table("cos", cos),
        "sin": b.table("sin", sin),
    }


def _gqa_attention(b: _Builder, x: str, layer: int, context: Mapping[str, str]) -> str:
    q, k, v = (b.op("Reshape", part, b.whole(0, 0, -1)) for part in _projected(b, x, layer))
    mixed = b.op(
        "GroupQueryAttention",
        *(q, k, v, f"past_key_values.{layer}.key", f"past_key_values.{layer}.value"),
        *(context["lengths"], context["total"], context["cos"], context["sin"]),
        outputs=3,
        domain="com.microsoft",
        num_heads=b.shape.heads,
        kv_num_heads=b.shape.kv_heads,
        do_rotary=1,
    )
    b.rename(f"{mixed}_1", f"present.{layer}.key")
    b.rename(f"{mixed}_2", f"present.{layer}.value")
    return b.linear(mixed, f"model.layers.{layer}.self_attn.o_proj")


def _cache_values(shape: Shape, export: Export, prefix: str, length: str) -> list[onnx.ValueInfoProto]:
    size: list[str | int] = ["batch_size", shape.kv_heads, length, shape.head_size]
    names = [f"{prefix}.{layer}.{part}" for layer in range(shape.layers) for part in ("key", "value")]
    return [helper.make_tensor_value_info(name, _FLOATS[export.floats], size) for name in names]


def _inputs(shape: Shape, export: Export) -> list[onnx.ValueInfoProto]:
    whole = _WHOLE[export.ids]
    entry = helper.make_tensor_value_info("input_ids", whole, ["batch_size", "sequence_length"])
    if export.vectors:
        size = ["batch_size", "sequence_length", shape.hidden]
        entry = helper.make_tensor_value_info("inputs_embeds", _FLOATS[export.floats], size)
    made = [
        entry,
        helper.make_tensor_value_info("attention_mask", whole, ["batch_size", "total_sequence_length"]),
    ]
    if export.position_ids and export.family == "generic":
        parts = [3] if export.sections else []
        made.append(helper.make_tensor_value_info("position_ids", whole, [*parts, "batch_size", "sequence_length"]))
    if export.keep:
        made.append(helper.make_tensor_value_info("num_logits_to_keep", TensorProto.INT64, []))
    if export.branch:
        made.append(helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1]))
    return made + _cache_values(shape, export, "past_key_values", "past_sequence_length")


def _outputs(shape: Shape, export: Export) -> list[onnx.ValueInfoProto]:
    size = ["batch_size", "kept" if export.keep else "sequence_length", shape.vocabulary]
    logits = helper.make_tensor_value_info("logits", _FLOATS[export.floats], size)
    return [logits, *_cache_values(shape, export, "present", "total_sequence_length")]
