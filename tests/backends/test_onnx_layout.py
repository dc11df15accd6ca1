"""Finding the files of a model folder, and refusing folders that are incomplete."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import onnx
import pytest
from tiny_graphs import Export
from tiny_models import TinyModel, write_json, write_llama

from medspec.backends.base import Decode, Message, Options, Request
from medspec.backends.onnx import SCHEME
from medspec.backends.onnx.layout import ModelFolder, resolve_folder
from medspec.errors import BackendError

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def first_reply(folder: Path, options: Options | None = None) -> str:
    backend = SCHEME.open(str(folder), {}, options or Options())
    request = Request(task="t", row="1", messages=(Message("user", "The"),), decode=Decode(max_tokens=5))
    [(_, reply)] = backend.answer([request])
    assert reply.failure is None
    return reply.text


def refused(folder: Path, dtype: str | None = None) -> str:
    with pytest.raises(BackendError) as caught:
        resolve_folder(folder, dtype)
    return str(caught.value)


LAYOUTS = {
    "flat": {},
    "transformers.js": {"graph": "onnx/model.onnx"},
    "bot": {"graph": "onnx/model.onnx", "configs": "onnx"},
    "legacy": {"graph": "onnx/decoder_model_merged.onnx"},
    "only one, other name": {"graph": "decoder.onnx"},
    "two data files": {"data_files": 2},
    "two data files in onnx/": {"graph": "onnx/model.onnx", "data_files": 2},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_answers_alike(tmp_path: Path, layout: str) -> None:
    tiny = write_llama(tmp_path / "a", seed=4, **LAYOUTS[layout])
    plain = write_llama(tmp_path / "b", seed=4)
    assert resolve_folder(tiny.folder, None).graph == tiny.graph
    assert first_reply(tiny.folder) == first_reply(plain.folder)


def test_configs_at_the_root_win(tmp_path: Path) -> None:
    write_llama(tmp_path, graph="onnx/model.onnx", configs="onnx")
    write_llama(tmp_path, graph="onnx/model.onnx", context=77)
    assert resolve_folder(tmp_path, None).context == 77


def several(tmp_path: Path, *suffixes: str) -> TinyModel:
    """Exports of one model under several suffixes; `_fp16` with 16-bit numbers."""
    for suffix in suffixes:
        export = Export(floats="float16") if suffix == "_fp16" else None
        tiny = write_llama(tmp_path, graph=f"onnx/model{suffix}.onnx", export=export)
    return tiny


def set_in_config(folder: Path, key: str, value: object) -> None:
    path = folder / "config.json"
    write_json(path, {**json.loads(path.read_text()), key: value})


def chosen(folder: Path, dtype: str | None = None) -> tuple[str, str]:
    found = resolve_folder(folder, dtype)
    return found.dtype, found.graph.name


def test_dtype_defaults_to_fp32(tmp_path: Path) -> None:
    several(tmp_path, "", "_fp16", "_q4")
    assert chosen(tmp_path) == ("fp32", "model.onnx")


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("fp16", "model_fp16.onnx"), ("q8", "model_quantized.onnx"), ("quantized", "model_quantized.onnx")],
)
def test_dtype_that_is_asked_for(tmp_path: Path, dtype: str, name: str) -> None:
    several(tmp_path, "", "_fp16", "_quantized", "_q4f16")
    assert chosen(tmp_path, dtype)[1] == name


def test_dtype_that_is_not_there_lists_what_is(tmp_path: Path) -> None:
    several(tmp_path, "", "_fp16", "_q4f16")
    message = refused(tmp_path, "q4")
    assert "no q4 export" in message
    assert "fp32 (model.onnx), fp16 (model_fp16.onnx), q4f16 (model_q4f16.onnx)" in message


def test_unknown_dtype(tmp_path: Path) -> None:
    several(tmp_path, "")
    assert "dtype 'q5' is not known; known are fp32, fp16, q8" in refused(tmp_path, "q5")


@pytest.mark.parametrize("dtype", ["q4", {"model": "q4", "embed_tokens": "fp16"}])
def test_dtype_of_the_config(tmp_path: Path, dtype: object) -> None:
    several(tmp_path, "", "_fp16", "_q4")
    set_in_config(tmp_path, "transformers.js_config", {"dtype": dtype})
    assert chosen(tmp_path) == ("q4", "model_q4.onnx")
    assert chosen(tmp_path, "fp16") == ("fp16", "model_fp16.onnx")


def test_the_only_export_is_taken_and_named(tmp_path: Path) -> None:
    several(tmp_path, "_q4")
    found = resolve_folder(tmp_path, None)
    assert (found.dtype, found.note) == ("q4", "model_q4.onnx is the only export there is")


def test_several_exports_without_fp32(tmp_path: Path) -> None:
    several(tmp_path, "_q4", "_fp16")
    assert "several exports and none is fp32" in refused(tmp_path)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (["vision_encoder", "decoder_model_merged"], "there is no embed_tokens.onnx"),
        (["encoder_model"], "encoder_model.onnx belongs to an encoder-decoder"),
        (["encoder_model", "vision_encoder", "decoder_model_merged"], "a layout that `onnx:` cannot run"),
        (["decoder_model", "decoder_with_past_model"], "split in two graphs"),
        (["first", "second"], "none of these graphs is called model.onnx"),
    ],
)
def test_graphs_that_are_no_decoder(tmp_path: Path, others: list[str], words: str) -> None:
    tiny = write_llama(tmp_path)
    for name in others:
        shutil.copy(tiny.graph, tmp_path / f"{name}.onnx")
    tiny.graph.unlink()
    assert words in refused(tmp_path)


def test_split_decoder_beside_a_merged_one(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path, graph="decoder_model_merged.onnx")
    shutil.copy(tiny.graph, tmp_path / "decoder_with_past_model.onnx")
    assert chosen(tmp_path) == ("fp32", "decoder_model_merged.onnx")


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("x")


def no_graph(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def with_text(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text(text)

    return change


def without(name: str, *, instead: str | None = None) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        if instead:
            (folder / instead).write_text("x")

    return change


FAULTS = {
    "no folder": (no_folder, "there is no such folder"),
    "a file": (a_file, "not a folder"),
    "no graph": (no_graph, "there is no .onnx graph here (found: config.json, generation_config.json"),
    "pointer graph": (with_text("model.onnx", POINTER), "model.onnx: this is a Git-LFS pointer, not the model's graph"),
    "pointer data": (with_text("model.onnx_data_1", POINTER), "model.onnx_data_1: this is a Git-LFS pointer"),
    "pointer tokenizer": (with_text("tokenizer.json", POINTER), "tokenizer.json: this is a Git-LFS pointer"),
    "pointer config": (with_text("config.json", POINTER), "config.json: this is a Git-LFS pointer"),
    "empty graph": (with_text("model.onnx", ""), "model.onnx: the file is empty"),
    "no data": (without("model.onnx_data_1"), "model.onnx_data_1: there is no such file; it is needed for the weights"),
    "short data": (with_text("model.onnx_data_1", "short"), "model.onnx_data_1: cut off: 5 bytes, and model.onnx needs"),
    "no config": (without("config.json"), "config.json: there is no such file"),
    "config not JSON": (with_text("config.json", '{\n "a": 1,\n}'), "config.json:3:1: invalid JSON"),
    "config a list": (with_text("config.json", "[]"), "config.json: expected a JSON object, found list"),
    "generation config not JSON": (with_text("generation_config.json", "{"), "generation_config.json:1:2: invalid JSON"),
    "no tokenizer": (without("tokenizer.json"), "tokenizer.json: there is no such file"),
    "slow tokenizer": (without("tokenizer.json", instead="vocab.json"), "vocab.json alone is not enough"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_name_the_path(tmp_path: Path, fault: str) -> None:
    folder = tmp_path / "model"
    change, words = FAULTS[fault]
    write_llama(folder, data_files=2)
    change(folder)
    message = refused(folder)
    assert message.startswith(str(folder)) and words in message


def test_config_that_is_not_utf8(tmp_path: Path) -> None:
    write_llama(tmp_path)
    (tmp_path / "config.json").write_bytes(b'{"a": "\xff"}')
    assert "not UTF-8 at byte 7" in refused(tmp_path)


def test_tokenizer_that_is_none(tmp_path: Path) -> None:
    write_llama(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BackendError, match=r"tokenizer\.json: not a tokenizer"):
        SCHEME.open(str(tmp_path), {}, Options())


def test_tokenizer_larger_than_the_model(tmp_path: Path) -> None:
    tiny = write_llama(tmp_path)
    tiny.tokenizer.add_tokens([f"<extra{number}>" for number in range(10)])
    tiny.tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(BackendError, match=r"tokenizer\.json: the tokenizer has 350 ids and the model knows 343"):
        SCHEME.open(str(tmp_path), {}, Options())


def test_digests_are_those_of_the_files(tmp_path: Path) -> None:
    write_llama(tmp_path, graph="onnx/model.onnx", data_files=2)
    names = ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model.onnx_data_1", "tokenizer.json"]
    expected = {name: sha256((tmp_path / name).read_bytes()).hexdigest() for name in names}
    assert resolve_folder(tmp_path, None).digests() == expected


def folder_with(tmp_path: Path, config: dict[str, object], limit: object) -> ModelFolder:
    write_llama(tmp_path)
    write_json(tmp_path / "config.json", config)
    write_json(tmp_path / "tokenizer_config.json", {"model_max_length": limit})
    return resolve_folder(tmp_path, None)


@pytest.mark.parametrize(
    ("config", "limit", "context"),
    [
        ({"max_position_embeddings": 4096}, 10**30, 4096),
        ({"max_position_embeddings": 4096}, 2048, 2048),
        ({"n_positions": 1024}, None, 1024),
        ({"text_config": {"max_position_embeddings": 8192}}, None, 8192),
        ({}, 512, 512),
        ({}, None, None),
    ],
)
def test_context(tmp_path: Path, config: dict[str, object], limit: object, context: int | None) -> None:
    assert folder_with(tmp_path, config, limit).context == context


def test_legacy_graphs_have_their_branch_input_fed(tmp_path: Path) -> None:
    """A merged graph looks at its cache only when told so; a wrong value would change or break the reply."""
    merged = write_llama(tmp_path / "a", graph="onnx/decoder_model_merged.onnx", export=Export(branch=True), seed=5)
    plain = write_llama(tmp_path / "b", seed=5)
    assert first_reply(merged.folder) == first_reply(plain.folder)
    assert re.search("use_cache_branch", str(onnx.load(merged.graph).graph.input))
