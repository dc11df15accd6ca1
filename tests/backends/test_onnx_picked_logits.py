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
from medspec.backends.onnx.picked_logits import PLACES, pick_logits
from medspec.backends.onnx.session import open_session
from medspec.backends.onnx.signature import read_signature

EXPORTS = {
    "generic": Export(),
    "gqa": Export(family="gqa"),
    "half": Export(floats="float16"),
    "four bits": Export(four_bits=True),
    "branch": Export(branch=True),
}


def decoder_of(tiny: TinyModel, changed: bytes | None) -> Decoder:
    opened = open_session(tiny.graph, device="cpu", threads=1, changed=changed)
    session = opened.session
    return Decoder(read_signature(tiny.graph, session.get_inputs(), session.get_outputs(), (), {}), opened)


@pytest.mark.parametrize("name", EXPORTS)
def test_the_logits_are_those_of_the_whole_graph(tmp_path: Path, name: str) -> None:
    tiny = write_llama(tmp_path, seed=31, export=EXPORTS[name], data_files=2)
    changed = pick_logits(tiny.graph)
    assert changed is not None
    onnx.load_model_from_string(changed)
    ids = np.array([[5, 9, 200, 7, 31], [8, 8, 3, 100, 42]])
    places = np.array([[1, 4], [0, 2], [0, 4], [1, 0]])
    whole, all_cache = decoder_of(tiny, None).step(ids, np.ones_like(ids), None, places)
    picked, cache = decoder_of(tiny, changed).step(ids, np.ones_like(ids), None, places)
    assert picked.shape == whole.shape == (4, tiny.shape.vocabulary)
    assert picked == pytest.approx(whole, abs=0.05 if name == "half" else 1e-5)
    assert all(
        np.array_equal(one.numpy(), other.numpy()) for one, other in zip(cache.values, all_cache.values, strict=True)
    )


def test_no_place_at_all_still_gives_the_cache(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    decoder = decoder_of(tiny, pick_logits(tiny.graph))
    ids = np.array([[5, 9]])
    logits, cache = decoder.step(ids, np.ones_like(ids), None, np.zeros((0, 2), dtype=np.int64))
    assert logits.shape == (0, tiny.shape.vocabulary) and cache.length == 2


def test_a_loaded_model_reads_few_positions(tmp_path: Path) -> None:
    backend = open_model(str(write_llama(tmp_path).folder), {}, Options(device="cpu"))
    assert isinstance(backend, OnnxBackend) and PLACES in backend.opened.session.get_inputs()[-1].name


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
    changed = pick_logits(tiny.graph)
    assert changed is not None
    ids, places = np.array([[5, 9, 200]]), np.array([[0, 1]])
    whole, _ = decoder_of(tiny, None).step(ids, np.ones_like(ids), None, places)
    picked, _ = decoder_of(tiny, changed).step(ids, np.ones_like(ids), None, places)
    assert picked == pytest.approx(whole, abs=1e-5) and abs(whole).max() <= 3


def test_graphs_that_are_left_alone(tmp_path: Path) -> None:
    assert pick_logits(write_llama(tmp_path / "keep", export=Export(keep=True)).graph) is None

    def changed(name: str, *nodes: onnx.NodeProto, opset: int = 18) -> Path:
        tiny = write_llama(tmp_path / name)
        model = onnx.load(tiny.graph)
        last = next(node for node in model.graph.node if node.output[0] == "logits")
        last.output[0] = "plain"
        model.graph.node.extend(nodes)
        model.opset_import[0].version = opset
        onnx.save(model, tiny.graph)
        return tiny.graph

    same = helper.make_node("Identity", ["plain"], ["logits"])
    assert pick_logits(changed("as it was", same)) is not None
    assert pick_logits(changed("an old opset", same, opset=10)) is None
    # Softmax looks at all ids, which would do; the loop knows nothing of it, and takes no chances.
    assert pick_logits(changed("unknown", helper.make_node("Softmax", ["plain"], ["logits"]))) is None
    both = (same, helper.make_node("ReduceMean", ["plain"], ["mean"], keepdims=0))
    assert pick_logits(changed("used twice", *both)) is None
    moving = (helper.make_node("Cast", ["input_ids"], ["moving"], to=TensorProto.FLOAT),)
    assert (
        pick_logits(changed("two that change", *moving, helper.make_node("Mul", ["plain", "moving"], ["logits"])))
        is None
    )
