"""The files of a model in the layout of onnxruntime-genai.

    FOLDER/genai_config.json  model.onnx  model.onnx.data  tokenizer.json  tokenizer_config.json

Nothing is loaded here except JSON. What the library would say unclearly, or only in the middle of a run, is refused
here by name: files that are not there or cut off, a model that is no decoder of texts, names that the graph lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import attrs

from medspec.backends.genai.declared import Declared, read_declared
from medspec.backends.onnx.files import first_json, read_json, read_text
from medspec.backends.onnx.layout import ModelFolder, tokenizer_of, whole_graph
from medspec.errors import BackendError

CONFIG = "genai_config.json"

_OTHER_PARTS = ("encoder", "embedding", "vision", "speech")
"""Sections of `model` beside `decoder` that models of other kinds have."""

_REACHING_OUT = ("library", "path", "folder", "profil")
"""Parts of names of settings by which the library loads other programs into this one, reads elsewhere, or writes files."""

_OFTEN_LISTED = ("attention_mask", "position_ids")
"""Older builders list these for every graph; the library passes over those that a graph lacks."""


@attrs.frozen(kw_only=True)
class GenaiFolder:
    """The checked files of one model, and what genai_config.json says of it."""

    files: ModelFolder
    context: int
    """How many tokens the library lets the model see, prompt and reply together."""
    providers: tuple[str, ...]
    """What the graph was made for, in lower case: `cuda`, `dml`, ...; () for the CPU."""
    position: int
    """Bytes of the keys and values of one position."""

    def digests(self) -> dict[str, str]:
        """Hex sha256 of every file that holds weights, the tokenizer or what the library is told, by its name."""
        return self.files.digests()


def read_folder(folder: Path) -> GenaiFolder:
    """The model in `folder`, every file it needs checked to be there. Raises `BackendError`."""
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "there is no such folder"
        raise BackendError(f"{folder}: {what}; `--model genai:DIR` wants the folder that holds {CONFIG}")
    path = folder / CONFIG
    if not path.exists() and (folder / "config.json").exists():
        raise BackendError(
            f"{path}: there is no such file; it is what onnxruntime-genai reads. "
            f"A folder in the Hugging Face layout is run with `--model onnx:{folder}`"
        )
    config = read_json(path, "what onnxruntime-genai knows of the model")
    json.loads(read_text(path, "what onnxruntime-genai knows of the model"), object_pairs_hook=partial(_once, path))
    _refuse_reaching_out(path, config)
    model = _section(path, config, "model")
    decoder = _section(path, model, "decoder")
    other = [part for part in _OTHER_PARTS if part in model]
    if other or "pipeline" in decoder:
        what = f"a section `{other[0]}`" if other else "a decoder in several graphs (`pipeline`)"
        raise BackendError(f"{path}: it has {what}; `genai:` runs decoders of texts, and images are for `onnx:`")
    graph = folder / _file_name(path, decoder)
    operators, data_files = whole_graph(graph)
    declared = read_declared(graph)
    _require_named(path, graph, decoder, declared)
    context = _whole(path, model, "context_length")
    sizes = [_whole(path, decoder, name) for name in ("num_hidden_layers", "num_key_value_heads", "head_size")]
    number = 2 if declared.cache_type in ("fp16", "bf16") else 4
    return GenaiFolder(
        files=ModelFolder(
            root=folder,
            graph=graph,
            dtype=declared.cache_type,
            note=None,
            operators=operators,
            data_files=tuple(data_files),
            beside={CONFIG: path},
            tokenizer=tokenizer_of((folder,)),
            config=_as_config(model, decoder, context),
            generation_config={},
            tokenizer_config=first_json((folder,), "tokenizer_config.json", "the tokenizer's settings"),
            config_folders=(folder,),
        ),
        context=context,
        providers=_providers(decoder),
        position=2 * sizes[0] * sizes[1] * sizes[2] * number,
    )


def _as_config(model: Mapping[str, Any], decoder: Mapping[str, Any], context: int) -> dict[str, Any]:
    """What config.json would say, by the names it has there."""
    same = ("bos_token_id", "eos_token_id", "pad_token_id", "vocab_size")
    sizes = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size")
    found = {name: model[name] for name in same if name in model}
    found |= {name: decoder[name] for name in sizes if name in decoder}
    return found | {"head_dim": decoder.get("head_size"), "max_position_embeddings": context}


def _once(path: Path, entries: list[tuple[str, Any]]) -> None:
    """Refuse a name that stands twice in one object: the library listens to both, and others see the last only."""
    seen: set[str] = set()
    for name, _ in entries:
        if name in seen:
            raise BackendError(f"{path}: it sets `{name}` twice in one place")
        seen.add(name)


def _refuse_reaching_out(path: Path, value: object) -> None:
    """A folder is untrusted input, and says what a graph is and not what else is to be done: `custom_ops_library` runs code."""
    if isinstance(value, list):
        for entry in value:
            _refuse_reaching_out(path, entry)
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            if any(part in name.lower() for part in _REACHING_OUT):
                raise BackendError(
                    f"{path}: it sets `{name}`; a model's folder may not say what this machine loads, reads or writes "
                    "besides the model. Take it out, if the model works without it"
                )
            if name != "provider_options":  # which are not listened to: `--device` says where a model runs
                _refuse_reaching_out(path, entry)


def _section(path: Path, within: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = within.get(name)
    if not isinstance(value, Mapping):
        raise BackendError(f"{path}: there is no section `{name}` in it; is it the {CONFIG} of an exported model?")
    return value


def _whole(path: Path, within: Mapping[str, Any], name: str) -> int:
    value = within.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BackendError(f"{path}: `{name}` must be a whole number above 0, not {value!r}")
    return value


def _file_name(path: Path, decoder: Mapping[str, Any]) -> str:
    name = decoder.get("filename")
    if not isinstance(name, str) or not name:
        raise BackendError(f"{path}: `filename` in the section `decoder` must name the graph")
    # A folder is untrusted input: its graph may not be any other file of this machine.
    parts = PurePosixPath(name).parts + PureWindowsPath(name).parts
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute() or ".." in parts:
        raise BackendError(f"{path}: its graph lies at {name!r}, outside the model's folder")
    return name


def _require_named(path: Path, graph: Path, decoder: Mapping[str, Any], declared: Declared) -> None:
    """Refuse names of inputs and outputs that the graph lacks: the library fails on them in the first step, if at all."""
    for kind, has in (("inputs", declared.inputs), ("outputs", declared.outputs)):
        for role, name in _section(path, decoder, kind).items() if kind in decoder else ():
            if isinstance(name, str) and role not in _OFTEN_LISTED and not _has(has, name):
                some = ", ".join(sorted(has)[:8])
                raise BackendError(
                    f"{path}: it says that the graph's `{role}` is called {name!r}, and {graph.name} has no such "
                    f"{kind.removesuffix('s')} (it has {some}{', ...' if len(has) > 8 else ''}); "
                    "graph and configuration do not belong together"
                )


def _has(names: frozenset[str], name: str) -> bool:
    """Whether `name` is there; with `%d` in it, for at least one layer."""
    start, hole, end = name.partition("%d")
    if not hole:
        return name in names
    return any(
        one.startswith(start) and one.endswith(end) and one[len(start) : len(one) - len(end)].isdecimal()
        for one in names
    )


def _providers(decoder: Mapping[str, Any]) -> tuple[str, ...]:
    options = decoder.get("session_options")
    listed = options.get("provider_options") if isinstance(options, Mapping) else None
    entries = listed if isinstance(listed, list) else []
    return tuple(name.lower() for entry in entries if isinstance(entry, Mapping) for name in entry)
