"""The grounding model as the three graphs of image-text models.

vision_encoder          pixel_values [images, 3, height, width]   ->  image_features [images, places, width]
embed_tokens            input_ids [batch, sequence]               ->  inputs_embeds [batch, sequence, width]
decoder_model_merged    inputs_embeds, mask, positions, cache     ->  logits, cache (see `medspec.demo.export`)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medspec.demo.export import Graph, finish, make_graph
from medspec.demo.vision.network import PROJECTION, TOWER

if TYPE_CHECKING:
    import onnx

    from medspec.demo.export import Weights
    from medspec.demo.network import Shape
    from medspec.demo.vision.network import TowerShape

LANGUAGE = "language_model."


def make_graphs(tower: TowerShape, decoder: Shape, weights: Weights) -> dict[str, onnx.ModelProto]:
    """The graphs by name. `weights` have the names of a LLaVA checkpoint, as numpy arrays."""
    language = {name.removeprefix(LANGUAGE): values for name, values in weights.items() if name.startswith(LANGUAGE)}
    return {
        "vision_encoder": make_encoder(tower, weights),
        "embed_tokens": _embedding(decoder, language),
        "decoder_model_merged": make_graph(decoder, language, vectors=True),
    }


def make_encoder(tower: TowerShape, weights: Weights) -> onnx.ModelProto:
    """The vision tower and the projection: SigLIP's arithmetic, LLaVA's two linear layers."""
    graph = Graph(weights, [], {})
    stem = f"{TOWER}.embeddings"
    kernel = graph.table("patches", weights[f"{stem}.patch_embedding.weight"])
    bias = graph.table("patches.bias", weights[f"{stem}.patch_embedding.bias"])
    size = [tower.patch, tower.patch]
    patches = graph.add("Conv", "pixel_values", kernel, bias, kernel_shape=size, strides=size)
    flat = graph.add("Reshape", patches, graph.whole(0, tower.width, -1))
    places = graph.table("places", weights[f"{stem}.position_embedding.weight"])
    x = graph.add("Add", graph.add("Transpose", flat, perm=[0, 2, 1]), places)
    for layer in range(tower.layers):
        x = _layer(graph, tower, f"{TOWER}.encoder.layers.{layer}", x)
    x = _linear(graph, f"{PROJECTION}.linear_1", x)
    half = graph.add("Mul", x, graph.number(0.5))
    error = graph.add("Erf", graph.add("Mul", x, graph.number(0.5**0.5)))
    x = graph.add("Mul", half, graph.add("Add", error, graph.number(1.0)))
    width = weights[f"{PROJECTION}.linear_2.weight"].shape[0]
    _linear(graph, f"{PROJECTION}.linear_2", x, output="image_features")
    pixels = _value("pixel_values", "images", 3, tower.image, tower.image)
    return finish(graph, [pixels], [_value("image_features", "images", tower.places, width)])


def _layer(graph: Graph, tower: TowerShape, name: str, x: str) -> str:
    y = _norm(graph, tower, f"{name}.layer_norm1", x)
    size = tower.width // tower.heads

    def heads(part: str) -> str:
        split = graph.add(
            "Reshape", _linear(graph, f"{name}.self_attn.{part}", y), graph.whole(0, 0, tower.heads, size)
        )
        return graph.add("Transpose", split, perm=[0, 2, 1, 3])

    query, key, value = (heads(part) for part in ("q_proj", "k_proj", "v_proj"))
    dots = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 1, 3, 2]))
    weighed = graph.add("Softmax", graph.add("Mul", dots, graph.number(size**-0.5)), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", weighed, value), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", mixed, graph.whole(0, 0, -1))
    x = graph.add("Add", x, _linear(graph, f"{name}.self_attn.out_proj", joined))
    y = _linear(graph, f"{name}.mlp.fc1", _norm(graph, tower, f"{name}.layer_norm2", x))
    return graph.add("Add", x, _linear(graph, f"{name}.mlp.fc2", _gelu(graph, y)))


def _gelu(graph: Graph, x: str) -> str:
    """GELU by its approximation with a tangent: x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    cube = graph.add("Mul", graph.add("Mul", x, x), graph.add("Mul", x, graph.number(0.044715)))
    inner = graph.add("Mul", graph.add("Add", x, cube), graph.number(0.7978845608028654))
    raised = graph.add("Add", graph.add("Tanh", inner), graph.number(1.0))
    return graph.add("Mul", graph.add("Mul", x, graph.number(0.5)), raised)


def _norm(graph: Graph, tower: TowerShape, name: str, x: str) -> str:
    scale, bias = (graph.table(f"{name}.{part}", graph.weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=tower.epsilon)


def _linear(graph: Graph, name: str, x: str, output: str | None = None) -> str:
    bias = graph.table(f"{name}.bias", graph.weights[f"{name}.bias"])
    return graph.add("Add", graph.linear(x, name), bias, output=output)


def _embedding(decoder: Shape, language: Weights) -> onnx.ModelProto:
    from onnx import TensorProto, helper

    graph = Graph(language, [], {})
    table = graph.table("model.embed_tokens", language["model.embed_tokens.weight"])
    graph.add("Gather", table, "input_ids", axis=0, output="inputs_embeds")
    size = ["batch_size", "sequence_length"]
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, size)
    return finish(graph, [ids], [_value("inputs_embeds", *size, decoder.width)])


def _value(name: str, *size: int | str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(size))
