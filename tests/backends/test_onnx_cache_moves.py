"""Caches moved where they lie: on the CPU, which has the same graphs as a GPU, and with numpy as the judge."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from tiny_models import write_llama

from medspec.backends.onnx.cache_moves import CacheMoves
from medspec.backends.onnx.decoder import Decoder
from medspec.backends.onnx.generate import pad_left
from medspec.backends.onnx.session import open_beside, open_session
from medspec.backends.onnx.signature import read_signature


@pytest.mark.parametrize("number_type", ["float32", "float16"])
def test_rows_and_positions(tmp_path: Path, number_type: str) -> None:
    opened = open_session(write_llama(tmp_path).graph, device="cpu", threads=1)
    moves = CacheMoves(partial(open_beside, opened=opened), ("cpu", 0), number_type)
    arrays = [np.random.default_rng(at).standard_normal((3, 2, 5, 4)).astype(number_type) for at in range(2)]
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in arrays]
    for array, taken, cut in zip(arrays, moves.take(values, [2, 0, 2, 2]), moves.cut(values, 3), strict=True):
        assert taken.numpy().dtype == array.dtype and np.array_equal(taken.numpy(), array[[2, 0, 2, 2]])
        assert np.array_equal(cut.numpy(), array[:, :, :3])


def test_a_decoder_moves_its_caches_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it does on a GPU, done on the CPU: the caches are those it makes with numpy."""
    tiny = write_llama(tmp_path)
    opened = open_session(tiny.graph, device="cpu", threads=1)
    session = opened.session
    decoder = Decoder(read_signature(tiny.graph, session.get_inputs(), session.get_outputs(), (), {}), opened)
    ids, mask = pad_left([(5, 6, 7, 8), (9, 10, 11)])
    _, cache = decoder.step(ids, mask, None, np.array([[0, 3]]))
    expected = [decoder.take(cache, [1, 1, 0]), decoder.cut(cache, 2)]
    monkeypatch.setattr(Decoder, "on_gpu", True)
    for one, other in zip(expected, [decoder.take(cache, [1, 1, 0]), decoder.cut(cache, 2)], strict=True):
        assert one.length == other.length
        for before, after in zip(one.values, other.values, strict=True):
            assert np.array_equal(before.numpy(), after.numpy())
