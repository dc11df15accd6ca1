"""What is refused of a folder for `genai:` before the library is asked, and what is said where the library is not there."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_genai import write_genai
from tiny_graphs import Export
from tiny_models import write_json, write_llama

from medspec.backends import open_model
from medspec.backends.base import Options
from medspec.backends.genai.declared import read_declared
from medspec.backends.genai.folder import read_folder
from medspec.errors import BackendError

Config = dict[str, Any]


def decoder(config: Config) -> Config:
    return config["model"]["decoder"]


LIES: dict[str, tuple[Callable[[Config], Any], str]] = {
    "input": (
        lambda config: decoder(config)["inputs"].update(input_ids="tokens"),
        "it says that the graph's `input_ids` is called 'tokens', and model.onnx has no such input (it has "
        "attention_mask, input_ids, past_key_values.0.key, past_key_values.0.value, past_key_values.1.key, "
        "past_key_values.1.value); graph and configuration do not belong together",
    ),
    "cache": (
        lambda config: decoder(config)["inputs"].update(past_key_names="past.%d.key"),
        "it says that the graph's `past_key_names` is called 'past.%d.key', and model.onnx has no such input",
    ),
    "output": (
        lambda config: decoder(config)["outputs"].update(present_value_names="present.%d.values"),
        "it says that the graph's `present_value_names` is called 'present.%d.values', and model.onnx has no such output",
    ),
    "no model": (lambda config: config.pop("model"), "there is no section `model` in it; is it the genai_config.json"),
    "no decoder": (lambda config: config["model"].pop("decoder"), "there is no section `decoder` in it"),
    "no graph": (
        lambda config: decoder(config).pop("filename"),
        "`filename` in the section `decoder` must name the graph",
    ),
    "outside": (
        lambda config: decoder(config).update(filename="../other/model.onnx"),
        "its graph lies at '../other/model.onnx', outside the model's folder",
    ),
    "context": (
        lambda config: config["model"].update(context_length="long"),
        "`context_length` must be a whole number above 0, not 'long'",
    ),
    "layers": (
        lambda config: decoder(config).update(num_hidden_layers=0),
        "`num_hidden_layers` must be a whole number above 0, not 0",
    ),
    "images": (
        lambda config: config["model"].update(vision={"filename": "vision.onnx"}),
        "it has a section `vision`; `genai:` runs decoders of texts, and images are for `onnx:`",
    ),
    "pipeline": (
        lambda config: decoder(config).update(pipeline=[]),
        "it has a decoder in several graphs (`pipeline`); `genai:` runs decoders of texts",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_configuration_that_lies(tmp_path: Path, name: str) -> None:
    change, message = LIES[name]
    write_genai(tmp_path)
    path = tmp_path / "genai_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    change(config)
    write_json(path, config)
    with pytest.raises(BackendError) as caught:
        read_folder(tmp_path)
    assert str(caught.value).startswith(f"{path}: {message}")


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (("session_options",), "custom_ops_library"),
        (("session_options",), "enable_profiling"),
        (("session_options", "config_entries"), "session.model_external_initializers_file_folder_path"),
        ((), "Library_Path"),
    ],
)
def test_a_folder_that_would_have_code_run_or_files_written(tmp_path: Path, where: tuple[str, ...], name: str) -> None:
    write_genai(tmp_path)
    path = tmp_path / "genai_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    place = decoder(config)
    for part in where:
        place = place.setdefault(part, {})
    place[name] = "model.onnx"
    write_json(path, config)
    with pytest.raises(BackendError) as caught:
        read_folder(tmp_path)
    assert str(caught.value) == (
        f"{path}: it sets `{name}`; a model's folder may not say what this machine loads, reads or writes besides the model. "
        "Take it out, if the model works without it"
    )


def test_a_setting_that_a_second_one_hides(tmp_path: Path) -> None:
    write_genai(tmp_path)
    path = tmp_path / "genai_config.json"
    text = path.read_text(encoding="utf-8")
    hidden = '"session_options": {"custom_ops_library": "x.so"}, "session_options": {'
    path.write_text(text.replace('"session_options": {', hidden), encoding="utf-8")
    assert "custom_ops_library" not in json.dumps(json.loads(path.read_text(encoding="utf-8")))
    with pytest.raises(BackendError, match="genai_config.json: it sets `session_options` twice in one place"):
        read_folder(tmp_path)


def test_settings_of_providers_are_not_listened_to(tmp_path: Path) -> None:
    write_genai(tmp_path)
    path = tmp_path / "genai_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    decoder(config)["session_options"]["provider_options"] = [{"qnn": {"backend_path": "QnnHtp.dll"}}]
    write_json(path, config)
    assert read_folder(tmp_path).providers == ("qnn",)


@pytest.mark.parametrize("name", ["genai_config.json", "model.onnx", "tokenizer.json"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    write_genai(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BackendError) as caught:
        read_folder(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / name}: there is no such file; it is needed ")


def test_files_that_are_no_files(tmp_path: Path) -> None:
    write_genai(tmp_path, data_files=1)
    (tmp_path / "model.onnx_data").write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    with pytest.raises(BackendError, match="model.onnx_data: this is a Git-LFS pointer, not the weights of model.onnx"):
        read_folder(tmp_path)
    (tmp_path / "genai_config.json").write_text('{"model": ', encoding="utf-8")
    with pytest.raises(BackendError, match=r"genai_config.json:1:11: invalid JSON: Expecting value"):
        read_folder(tmp_path)
    with pytest.raises(
        BackendError, match="not a folder; `--model genai:DIR` wants the folder that holds genai_config"
    ):
        read_folder(tmp_path / "model.onnx")


def test_a_folder_for_another_backend_says_which(tmp_path: Path) -> None:
    write_llama(tmp_path)
    with pytest.raises(BackendError, match=f"is run with `--model onnx:{tmp_path}`"):
        read_folder(tmp_path)


def test_what_is_read(tmp_path: Path) -> None:
    tiny = write_genai(tmp_path, providers=("cuda",), export=Export(family="gqa", floats="float16"), data_files=2)
    found = read_folder(tmp_path)
    # Keys and values of 2 layers, 2 heads of 16 numbers, of two bytes each.
    assert (found.context, found.providers, found.position) == (128, ("cuda",), 2 * 2 * 2 * 16 * 2)
    assert (found.files.dtype, found.files.context) == ("fp16", 128)
    assert set(found.digests()) == {
        "model.onnx", "model.onnx_data", "model.onnx_data_1", "tokenizer.json", "genai_config.json"
    }  # fmt: skip
    declared = read_declared(tiny.graph)
    assert declared.outputs == {"logits", *(f"present.{at}.{part}" for at in (0, 1) for part in ("key", "value"))}


def test_older_builders_list_inputs_that_a_graph_lacks(tmp_path: Path) -> None:
    write_genai(tmp_path)
    path = tmp_path / "genai_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    decoder(config)["inputs"]["position_ids"] = "position_ids"
    write_json(path, config)
    assert read_folder(tmp_path).files.graph.name == "model.onnx"


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_genai(tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime_genai", None)
    with pytest.raises(BackendError) as caught:
        open_model(f"genai:{tmp_path}", Options(device="cpu"))
    assert str(caught.value) == (
        "`genai:` needs the package onnxruntime-genai-cuda; it is not part of a plain installation: "
        '`pip install "medspec[genai]"`, or `pip install onnxruntime-genai-cuda`, which runs on the CPU too. '
        "Never `onnxruntime-genai` where onnxruntime-gpu is: it puts the plain onnxruntime in its place"
    )
