"""The check of a model when it is loaded: graphs that run and answer wrongly are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from tiny_graphs import Export
from tiny_models import TinyModel, write_llama

from medspec.backends.base import Options
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.decoder import Decoder
from medspec.backends.onnx.self_check import check_decoder
from medspec.errors import BackendError


def opened(tiny: TinyModel) -> OnnxBackend:
    return open_model(str(tiny.folder), {}, Options(device="cpu"))


@pytest.mark.parametrize("family", ["generic", "gqa"])
def test_a_graph_that_counts_positions_wrongly_is_refused(tmp_path: Path, family: str) -> None:
    export = Export(family=family, position_shift=3)
    tiny = write_llama(tmp_path, export=export)
    if family == "gqa":  # the operator counts by itself; give it a length that is one too large
        model = onnx.load(tiny.graph)
        one = next(node for node in model.graph.node if node.op_type == "Sub")
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.array(2), "two"))
        one.input[1] = "two"
        onnx.save(model, tiny.graph)
    with pytest.raises(BackendError, match=r"model\.onnx: self-check: "):
        opened(tiny)


def test_padding_on_the_left_of_a_gqa_graph_is_noticed(tmp_path: Path) -> None:
    """The fault the family exists for: treated as generic, such a graph runs and answers wrongly."""
    tiny = write_llama(tmp_path, family="gqa")
    backend = opened(tiny)
    assert backend.engine is not None
    signature = attrs.evolve(
        backend.engine.decoder.signature,
        family="generic",
        inputs={
            **backend.engine.decoder.signature.inputs,
            "position_ids": backend.engine.decoder.signature.inputs["input_ids"],
        },
    )

    class Ignoring(Decoder):
        def _feeds(
            self, ids: NDArray[Any], mask: NDArray[Any], places: NDArray[Any], **settings: Any
        ) -> dict[str, NDArray[Any]]:
            feeds = super()._feeds(ids, mask, places, **settings)
            return {name: value for name, value in feeds.items() if name != "position_ids"}

    decoder = Ignoring(signature, backend.opened)
    with pytest.raises(BackendError, match="in a batch, with a cache gets other logits than alone"):
        check_decoder(decoder, tiny.graph, backend.tokens.encode("The patient was seen", chat=False))


def test_packed_weights_that_are_multiplied_in_eight_bits(tmp_path: Path) -> None:
    """Neighbours move the logits of such a graph by tenths, of some by chance, and no fault of the graph is to blame: it
    is not refused, and its rows are run one after another."""
    for seed in range(3):
        export = Export(family="gqa", four_bits=True, eight_bit_sums=True)
        tiny = write_llama(tmp_path / str(seed), seed=seed, layers=4, hidden=512, export=export)
        backend = opened(tiny)
        assert backend.engine is not None
        assert (backend.engine.way, backend.engine.trees) == ("slots", True)
        assert backend.engine.decoder.signature.sums_rounded
        assert (backend.engine.room.batch, backend.describe()["batch"], backend.engine.sharing) == (1, 1, False)


@pytest.mark.parametrize("eight", [False, True])
def test_packed_weights_hide_no_wrong_positions(tmp_path: Path, eight: bool) -> None:
    export = Export(four_bits=True, eight_bit_sums=eight, position_shift=3)
    with pytest.raises(BackendError, match=r"model\.onnx: self-check: "):
        opened(write_llama(tmp_path, export=export))


def test_a_model_of_no_numbers_is_refused(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, change={"model.norm.weight": np.full(64, np.nan, np.float32)})
    with pytest.raises(BackendError, match="self-check: the logits of a short prompt are not finite"):
        opened(tiny)


def test_a_graph_that_does_not_run_is_refused(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    model = onnx.load(tiny.graph)
    table = next(weight for weight in model.graph.initializer if weight.name == "cos")
    table.CopyFrom(onnx.numpy_helper.from_array(np.ones((3, 16), np.float32), "cos"))  # three positions only
    onnx.save(model, tiny.graph)
    with pytest.raises(BackendError, match="self-check: the graph does not run"):
        opened(tiny)
