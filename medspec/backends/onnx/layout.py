"""Find and check the files of a model folder in the Hugging Face / optimum layout.

    FOLDER/config.json  tokenizer.json  onnx/model.onnx  onnx/model_q4.onnx       transformers.js
    FOLDER/config.json  tokenizer.json  model.onnx  model.onnx_data               optimum-cli
    FOLDER/onnx/config.json  onnx/tokenizer.json  onnx/model.onnx                 the Hub's export bot

Nothing is loaded here except JSON. Refuses a folder that is incomplete, naming the path and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.onnx.exports import choose_export, choose_parts
from medspec.backends.onnx.files import first_json, read_json, require_file, sha256_of_file
from medspec.backends.onnx.graph_file import read_outline
from medspec.errors import BackendError

# Where the length of the context stands in config.json; the name depends on the model's family.
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "seq_length")

# A tokenizer without a limit of its own says 1e30; so does nothing else above this many tokens.
_LARGEST_CONTEXT = 100_000_000


@attrs.frozen(kw_only=True)
class ModelFolder:
    """The checked files of one model."""

    root: Path
    graph: Path
    dtype: str
    note: str | None
    """For people: why this export was taken, when nobody asked for it."""
    operators: frozenset[str]
    data_files: tuple[Path, ...]
    beside: Mapping[str, Path]
    """The other graphs of an image-text model, by their base names."""
    tokenizer: Path
    config: Mapping[str, Any]
    generation_config: Mapping[str, Any]
    tokenizer_config: Mapping[str, Any]
    config_folders: tuple[Path, ...]
    """Where configuration files are looked for, in this order."""

    @property
    def context(self) -> int | None:
        """How many tokens the model can see, prompt and reply together; None when no file says so."""
        limits = [self.config.get(key) for key in _CONTEXT_KEYS]
        nested = self.config.get("text_config")
        if isinstance(nested, Mapping):
            limits += [nested.get(key) for key in _CONTEXT_KEYS]
        limits.append(self.tokenizer_config.get("model_max_length"))
        sane = [int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit <= _LARGEST_CONTEXT]
        return min(sane, default=None)

    def digests(self) -> dict[str, str]:
        """Hex sha256 of every file that holds weights or the tokenizer, by its path below `root`."""
        files = (self.graph, *self.beside.values(), *self.data_files, self.tokenizer)
        return {str(path.relative_to(self.root)): sha256_of_file(path) for path in files}


def resolve_folder(folder: Path, dtype: str | None) -> ModelFolder:
    """The model in `folder`, every file it needs checked to be there. Raises `BackendError`."""
    if not folder.exists():
        raise BackendError(
            f"{folder}: there is no such folder; `--model onnx:DIR` wants the folder of a model, "
            "with config.json, tokenizer.json and onnx/model.onnx in it"
        )
    if not folder.is_dir():
        raise BackendError(f"{folder}: not a folder; `--model onnx:DIR` wants the folder that holds the graph")
    graphs = folder / "onnx" if any((folder / "onnx").glob("*.onnx")) else folder
    folders = tuple(dict.fromkeys((folder, graphs)))
    config = read_json(_locate(folders, "config.json"), "the model's configuration")
    export, note = choose_export(graphs, dtype, config)
    operators, data_files = whole_graph(export.path)
    beside = {part.base: part.path for part in choose_parts(graphs, export)}
    for path in beside.values():
        data_files += whole_graph(path)[1]
    return ModelFolder(
        root=folder,
        graph=export.path,
        dtype=export.dtype,
        note=note,
        operators=operators,
        data_files=tuple(data_files),
        beside=beside,
        tokenizer=tokenizer_of(folders),
        config=config,
        generation_config=first_json(folders, "generation_config.json", "the model's generation settings"),
        tokenizer_config=first_json(folders, "tokenizer_config.json", "the tokenizer's settings"),
        config_folders=folders,
    )


def whole_graph(graph: Path) -> tuple[frozenset[str], list[Path]]:
    """The operators of a graph and the files with its weights, all of them checked to be there and whole."""
    require_file(graph, "the model's graph")
    outline = read_outline(graph)
    files = []
    for piece in outline.data_files:
        path = require_file(graph.parent / piece.location, f"the weights of {graph.name}")
        size = path.stat().st_size
        if size < piece.size:
            raise BackendError(f"{path}: cut off: {size:,} bytes, and {graph.name} needs {piece.size:,}")
        _refuse_elsewhere(path, graph)
        files.append(path)
    return outline.operators, files


def _refuse_elsewhere(path: Path, graph: Path) -> None:
    # ONNX Runtime reads weights below the folder of the graph, or below that of the file it is a link to, and no others.
    real = path.resolve()
    if not any(real.is_relative_to(folder) for folder in (graph.parent.resolve(), graph.resolve().parent)):
        raise BackendError(
            f"{path}: a link to {real}, and ONNX Runtime takes no weights from outside the folder of {graph.name}; "
            "put the graph there too and link both, or link the whole folder"
        )


def _locate(folders: tuple[Path, ...], name: str) -> Path:
    """The first of `folders` that has the file; the first of all when none has, so that messages name that."""
    return next((folder / name for folder in folders if (folder / name).exists()), folders[0] / name)


def tokenizer_of(folders: tuple[Path, ...]) -> Path:
    """The tokenizer in the first of `folders` that has one. Raises `BackendError`."""
    path = _locate(folders, "tokenizer.json")
    if not path.exists():
        others = [name for name in ("tokenizer.model", "vocab.json", "vocab.txt") if _locate(folders, name).exists()]
        hint = f" ({others[0]} alone is not enough: save the fast tokenizer with transformers)" if others else ""
        raise BackendError(f"{path}: there is no such file; it is needed to cut texts into tokens{hint}")
    return require_file(path, "the tokenizer")
