"""Logits at chosen positions only: the changed graph says the same, and graphs it does not fit are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Options
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Decoder
from medspec.backends.onnx.graph_edit import Change, ChangedGraph, changed
from medspec.backends.onnx.picked_logits import PLACES, pick_last, pick_logits
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.signature import read_signature

EXPORTS = {
    "generic": Export(),
    "gqa": Export(family="gqa"),
    "half": Export(floats="float16"),
    "four bits": Export(four_bits=True),
    "branch": Export(branch=True),
}


def decoder_of(tiny: TinyModel, graph: ChangedGraph | None) -> Decoder:
    opened = open_session(tiny.graph, device="cpu", threads=1, changed=graph)
    session = opened.session
    return Decoder(read_signature(tiny.graph, session.get_inputs(), session.get_outputs(), (), {}), opened)


@pytest.mark.parametrize("pick", [pick_logits, pick_last])
@pytest.mark.parametrize("name", EXPORTS)
def test_the_logits_are_those_of_the_whole_graph(tmp_path: Path, name: str, pick: Change) -> None:
    tiny = write_llama(tmp_path, seed=31, export=EXPORTS[name], data_files=2)
    graph = changed(tiny.graph, pick)
    assert graph is not None
    onnx.load_model_from_string(graph.content)
    ids = np.array([[5, 9, 200, 7, 31], [8, 8, 3, 100, 42]])
    places = np.array([[1, 4], [0, 2], [0, 4], [1, 0]])
    whole, all_cache = decoder_of(tiny, None).step(ids, np.ones_like(ids), None, places)
    picked, cache = decoder_of(tiny, graph).step(ids, np.ones_like(ids), None, places)
    assert picked.shape == whole.shape == (4, tiny.shape.vocabulary)
    assert picked == pytest.approx(whole, abs=0.05 if name == "half" else 1e-5)
    assert all(
        np.array_equal(one.numpy(), other.numpy()) for one, other in zip(cache.values, all_cache.values, strict=True)
    )


def test_no_place_at_all_still_gives_the_cache(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    decoder = decoder_of(tiny, changed(tiny.graph, pick_logits))
    ids = np.array([[5, 9]])
    logits, cache = decoder.step(ids, np.ones_like(ids), None, np.zeros((0, 2), dtype=np.int64))
    assert logits.shape == (0, tiny.shape.vocabulary) and cache.length == 2


def test_a_loaded_model_reads_few_positions(tmp_path: Path) -> None:
    backend = open_model(str(write_llama(tmp_path).folder), {}, Options(device="cpu"))
    assert isinstance(backend, OnnxBackend) and PLACES in {value.name for value in backend.opened.session.get_inputs()}


def test_what_stands_between_product_and_logits_is_followed(tmp_path: Path) -> None:
    """A bias, and the soft cap of some models: cap * tanh(logits / cap)."""
    tiny = write_llama(tmp_path)
    model = onnx.load(tiny.graph)
    last = next(node for node in model.graph.node if node.output[0] == "logits")
    size = tiny.shape.vocabulary
    bias = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    model.graph.initializer.extend(
        [numpy_helper.from_array(bias, "bias"), numpy_helper.from_array(np.float32(3), "cap")]
    )
    before, last.output[0] = last.input[0], "plain"
    assert before
    model.graph.node.extend(
        [
            helper.make_node("Add", ["plain", "bias"], ["moved"]),
            helper.make_node("Div", ["moved", "cap"], ["small"]),
            helper.make_node("Tanh", ["small"], ["bounded"]),
            helper.make_node("Mul", ["cap", "bounded"], ["logits"]),
        ]
    )
    onnx.save(model, tiny.graph)
    graph = changed(tiny.graph, pick_logits)
    assert graph is not None
    ids, places = np.array([[5, 9, 200]]), np.array([[0, 1]])
    whole, _ = decoder_of(tiny, None).step(ids, np.ones_like(ids), None, places)
    picked, _ = decoder_of(tiny, graph).step(ids, np.ones_like(ids), None, places)
    assert picked == pytest.approx(whole, abs=1e-5) and abs(whole).max() <= 3


def test_graphs_that_are_left_alone(tmp_path: Path) -> None:
    assert changed(write_llama(tmp_path / "keep", export=Export(keep=True)).graph, pick_logits) is None

    def altered(name: str, *nodes: onnx.NodeProto, opset: int = 18) -> Path:
        tiny = write_llama(tmp_path / name)
        model = onnx.load(tiny.graph)
        last = next(node for node in model.graph.node if node.output[0] == "logits")
        last.output[0] = "plain"
        model.graph.node.extend(nodes)
        model.opset_import[0].version = opset
        onnx.save(model, tiny.graph)
        return tiny.graph

    same = helper.make_node("Identity", ["plain"], ["logits"])
    assert changed(altered("as it was", same), pick_logits) is not None
    assert changed(altered("an old opset", same, opset=10), pick_logits) is None
    # Softmax looks at all ids, which would do; the loop knows nothing of it, and takes no chances.
    assert changed(altered("unknown", helper.make_node("Softmax", ["plain"], ["logits"])), pick_logits) is None
    both = (same, helper.make_node("ReduceMean", ["plain"], ["mean"], keepdims=0))
    assert changed(altered("used twice", *both), pick_logits) is None
    moving = (helper.make_node("Cast", ["input_ids"], ["moving"], to=TensorProto.FLOAT),)
    assert (
        changed(
            altered("two that change", *moving, helper.make_node("Mul", ["plain", "moving"], ["logits"])), pick_logits
        )
        is None
    )


@pytest.mark.parametrize("family", ["generic", "gqa"])
def test_the_last_layer_behind_its_attention_sees_picked_positions_only(tmp_path: Path, family: str) -> None:
    """Of its seven products, those that make queries, keys and values see all positions; so do all of the first layer."""
    tiny = write_llama(tmp_path, family=family)
    graph = changed(tiny.graph, pick_logits)
    assert graph is not None
    model = onnx.load_model_from_string(graph.content)
    picked = {name for node in model.graph.node if node.op_type == "GatherND" for name in node.output}
    assert len(picked) == 2  # what comes through the layer, and what its attention gives
    seen: set[str] = set()
    for node in model.graph.node:
        if picked & set(node.input):
            picked |= set(node.output)
            seen |= {name for name in node.input if name.endswith(".T")}
    parts = ("self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
    head = {name for name in seen if "layers" not in name}
    assert seen - head == {f"model.layers.1.{part}.weight.T" for part in parts} and len(head) == 1


def test_a_mean_over_other_axes_and_a_constant_of_many_positions_are_not_passed(tmp_path: Path) -> None:
    """What looks at several positions stays with all of them."""
    constants = {
        "over_new": ("ReduceMean", numpy_helper.from_array(np.array([1]), "over_new")),
        "by_place": ("Add", numpy_helper.from_array(np.ones((3, 1), np.float32), "by_place")),
    }
    for name, (kind, constant) in constants.items():
        tiny = write_llama(tmp_path / name)
        model = onnx.load(tiny.graph)
        head = [node for node in model.graph.node if node.op_type == "MatMul"][-1]
        at = list(model.graph.node).index(head)
        rest = list(model.graph.node)[at:]
        del model.graph.node[at:]
        made = helper.make_node(kind, [head.input[0], name], ["between"])
        summed = helper.make_node("Add", [head.input[0], "between"], ["both"])
        rest[0].input[0] = "both"
        model.graph.node.extend([made, summed, *rest])
        model.graph.initializer.append(constant)
        onnx.save(model, tiny.graph)
        graph = changed(tiny.graph, pick_logits)
        assert graph is not None
        ids, places = np.array([[5, 9, 200]]), np.array([[0, 1]])
        if kind == "Add":
            whole, _ = decoder_of(tiny, None).step(ids, np.ones_like(ids), None, places)
            picked, _ = decoder_of(tiny, graph).step(ids, np.ones_like(ids), None, places)
            assert picked == pytest.approx(whole, abs=1e-5)
        gathered = {
            node.input[0]
            for node in onnx.load_model_from_string(graph.content).graph.node
            if node.op_type == "GatherND"
        }
        assert "between" in gathered
