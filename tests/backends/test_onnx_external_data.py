"""Weights in files beside the graph: the model says the same, wherever they lie, and they are never copied."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto
from tiny_graphs import Export, Shape, make_decoder
from tiny_models import write_llama

from medspec.backends.base import Decode, Message, Options, Reply, Request
from medspec.backends.onnx.backend import OnnxBackend, open_model
from medspec.backends.onnx.graph_file import read_outline
from medspec.backends.onnx.layout import resolve_folder
from medspec.backends.onnx.picked_logits import PLACES
from medspec.errors import BackendError

PROMPTS = ("The patient was seen", "no", "A question about the heart, and the cough?")
OPTIONS = (" yes", " no", " maybe, the patient has a fever")


def split(
    graph: Path, *places: str, least: int = 1024, hole: int = 0, length: bool = True, largest: int | None = None
) -> None:
    """Move weights of `least` to `largest` bytes into the files `places`, in turns, `hole` bytes before each."""
    model = onnx.load(graph)
    contents = [bytearray() for _ in places]
    moved = [one for one in model.graph.initializer if least <= len(one.raw_data) <= (largest or sys.maxsize)]
    assert moved
    for number, tensor in enumerate(moved):
        content = contents[number % len(places)]
        content.extend(b"\xa5" * hole)
        entries = {"location": places[number % len(places)], "offset": len(content), "length": len(tensor.raw_data)}
        content.extend(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            if length or key != "length":
                tensor.external_data.add(key=key, value=str(value))
    for place, content in zip(places, contents, strict=True):
        (graph.parent / place).parent.mkdir(parents=True, exist_ok=True)
        (graph.parent / place).write_bytes(content)
    onnx.save(model, graph)


def requests() -> list[Request]:
    return [
        Request(
            task="t",
            row=f"{at} {options}",
            messages=(Message("user", text),),
            decode=Decode(max_tokens=8),
            options=options,
        )
        for options in (None, OPTIONS)
        for at, text in enumerate(PROMPTS)
    ]


def replies(folder: Path) -> list[Reply]:
    backend = open_model(str(folder), {}, Options(device="cpu"))
    assert isinstance(backend, OnnxBackend)
    assert PLACES in {value.name for value in backend.opened.session.get_inputs()}, "the graph was not changed"
    gqa = "GroupQueryAttention" in backend.folder.operators
    assert backend.describe()["options"] == ("in one run" if gqa else "each")
    found = dict(backend.answer(requests()))
    assert all(reply.failure is None for reply in found.values())
    return [found[at] for at in range(len(found))]


def told(found: list[Reply]) -> list[tuple[str | None, tuple[float, ...] | None]]:
    return [(reply.text, reply.scores) for reply in found]


SPLITS = {
    "one file": lambda graph: split(graph, "model.onnx_data"),
    "three files": lambda graph: split(graph, "model.onnx_data", "model.onnx_data_1", "model.onnx_data_2"),
    "below a folder": lambda graph: split(graph, "weights/a/part.bin", "other.bin"),
    "holes": lambda graph: split(graph, "model.onnx_data", hole=4097),
    "nearly everything": lambda graph: split(graph, "model.onnx_data", least=200),
    "only large ones": lambda graph: split(graph, "model.onnx_data", least=2**14),
    "only small ones": lambda graph: split(graph, "model.onnx_data", least=200, largest=2**13),
    "lengths left out": lambda graph: split(graph, "model.onnx_data", length=False),
}


@pytest.mark.parametrize("family", ["generic", "gqa"])
@pytest.mark.parametrize("way", SPLITS)
def test_replies_are_those_of_one_file(tmp_path: Path, family: str, way: str) -> None:
    whole = write_llama(tmp_path / "whole", seed=12, family=family)
    parts = write_llama(tmp_path / "parts", seed=12, family=family)
    SPLITS[way](parts.graph)
    assert parts.graph.stat().st_size < whole.graph.stat().st_size
    assert told(replies(parts.folder)) == told(replies(whole.folder))


def test_a_cache_of_links_is_a_folder_like_others(tmp_path: Path) -> None:
    """As the Hugging Face Hub keeps what was fetched: every file a link to one that is named by its content."""
    tiny = write_llama(tmp_path / "plain", seed=12, family="gqa", graph="onnx/model.onnx", data_files=2)
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "f00d"
    blobs.mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in tiny.folder.rglob("*") if path.is_file())):
        shutil.copy(path, blobs / f"blob{number}")
        link = snapshot / path.relative_to(tiny.folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blobs / f"blob{number}")
    assert told(replies(snapshot)) == told(replies(tiny.folder))


def test_a_graph_that_is_a_link_finds_its_own_weights(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path / "plain", seed=12)
    moved = tmp_path / "elsewhere" / "weights"
    moved.parent.mkdir()
    expected = told(replies(tiny.folder))
    tiny.graph.rename(moved)
    tiny.graph.symlink_to(moved)
    assert told(replies(tiny.folder)) == expected


def test_weights_that_are_a_link_out_of_the_folder(tmp_path: Path) -> None:
    """ONNX Runtime refuses them, and would do so in a changed graph without a word."""
    tiny = write_llama(tmp_path / "model", seed=12, data_files=1)
    data, large = tiny.folder / "model.onnx_data", tmp_path / "large"
    large.mkdir()
    data.rename(large / "weights")
    data.symlink_to(large / "weights")
    with pytest.raises(BackendError) as caught:
        resolve_folder(tiny.folder, None)
    assert str(caught.value) == (
        f"{data}: a link to {large / 'weights'}, and ONNX Runtime takes no weights from outside the folder of "
        "model.onnx; put the graph there too and link both, or link the whole folder"
    )
    tiny.graph.rename(large / "graph")
    tiny.graph.symlink_to(large / "graph")
    assert replies(tiny.folder)


def test_sizes_that_lie_outside_are_refused_by_name(tmp_path: Path) -> None:
    """ONNX Runtime wants to see the few numbers that shapes are made of while it loads a graph."""
    tiny = write_llama(tmp_path, seed=12)
    split(tiny.graph, "model.onnx_data", least=1)
    with pytest.raises(
        BackendError, match=r"model\.onnx: ONNX Runtime .* load external data into raw data for tensor: i_"
    ):
        replies(tmp_path)


def test_a_cut_off_file_is_noticed_where_the_graph_says_no_length(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, seed=12, family="gqa")
    split(tiny.graph, "model.onnx_data", length=False)
    data = tmp_path / "model.onnx_data"
    size = data.stat().st_size
    assert [piece.size for piece in read_outline(tiny.graph).data_files] == [size]
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(
        BackendError, match=rf"model\.onnx_data: cut off: {size - 1:,} bytes, and model\.onnx needs {size:,}"
    ):
        resolve_folder(tmp_path, None)


LOADING = """
import json, sys
from pathlib import Path
import numpy, onnxruntime
from medspec.backends.onnx.graph_edit import changed
from medspec.backends.onnx.picked_logits import pick_logits
from medspec.backends.onnx.session import open_session

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

path = Path(sys.argv[1])
before = peak()
graph = changed(path, pick_logits)
described = peak()
opened = open_session(path, device="cpu", threads=1, changed=graph)
print(json.dumps([described - before, peak() - before, len(graph.content)]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the largest memory is read from /proc")
@pytest.mark.parametrize("apart", [False, True])
def test_weights_are_neither_read_nor_copied(tmp_path: Path, apart: bool) -> None:
    """ONNX Runtime packs the factor of a product once, and maps all else; Python has the graph alone."""
    import numpy as np

    size = 256
    shape = Shape(
        style="llama",
        layers=1,
        hidden=size,
        inner=size,
        heads=4,
        kv_heads=2,
        head_size=64,
        vocabulary=48_000,
        context=64,
    )
    names = {f"self_attn.{part}_proj": (size if part in "qo" else 128, size) for part in "qkvo"}
    names |= {f"mlp.{part}_proj": (size, size) for part in ("gate", "up", "down")}
    names |= dict.fromkeys(("input_layernorm", "post_attention_layernorm"), (size,))
    weights = {f"model.layers.0.{name}.weight": np.ones(shaped, np.float32) for name, shaped in names.items()}
    weights["model.norm.weight"] = np.ones(size, np.float32)
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[name] = np.ones((48_000, size), np.float32)
    path = tmp_path / "model.onnx"
    onnx.save(make_decoder(shape, Export(family="gqa"), weights), path)
    if apart:
        split(path, "model.onnx_data")
    written = sorted(tmp_path.iterdir())
    head = 48_000 * size * 4
    ran = subprocess.run([sys.executable, "-c", LOADING, str(path)], check=True, capture_output=True, text=True)
    described, loaded, content = json.loads(ran.stdout)
    assert content < 2**19 and described < head / 5
    # What is packed and what it is packed from, of which pages may be let go; a copy in Python would make three of it.
    assert loaded < 2.3 * head
    assert sorted(tmp_path.iterdir()) == written
