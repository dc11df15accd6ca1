"""The files of a classifier or detector: config.json says what it is, and what its labels are.

...ForSequenceClassification    input_ids, attention_mask -> logits              text
...ForImageClassification       pixel_values -> logits                            image
...ForObjectDetection           pixel_values -> logits, pred_boxes                boxes on an image
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities
from medspec.backends.onnx.exports import choose_export
from medspec.backends.onnx.files import first_json, read_json, require_file, sha256_of_file
from medspec.backends.onnx.layout import whole_graph
from medspec.errors import BackendError

TEXT, IMAGE, BOXES = "ForSequenceClassification", "ForImageClassification", "ForObjectDetection"
_CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length")


@attrs.frozen(kw_only=True)
class TensorFolder:
    """The checked files of one model. `task` is `TEXT`, `IMAGE` or `BOXES`."""

    root: Path
    task: str
    graph: Path
    dtype: str
    note: str | None
    quantised: bool
    files: tuple[Path, ...]
    config: Mapping[str, Any]
    tokenizer: Path | None
    tokenizer_config: Mapping[str, Any]
    processor: Mapping[str, Any]
    labels: tuple[str, ...]

    @property
    def context(self) -> int | None:
        """How many tokens a text may have; None where no file says so."""
        limits = [self.config.get(key) for key in _CONTEXT] + [self.tokenizer_config.get("model_max_length")]
        return min((int(n) for n in limits if isinstance(n, int | float) and 0 < n < 10**8), default=None)

    def digests(self) -> dict[str, str]:
        """Hex sha256 of every file that decides an answer, by its path below `root`."""
        return {str(path.relative_to(self.root)): sha256_of_file(path) for path in self.files}


def task_of(config: Mapping[str, Any]) -> str | None:
    """What kind of such model a configuration describes; None for another kind of model."""
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    return next((task for task in (TEXT, IMAGE, BOXES) if first.endswith(task)), None)


def find_config(root: Path) -> Mapping[str, Any]:
    """config.json of a folder, {} where there is none that can be read; the reason is told when the model is opened."""
    for folder in (root, root / "onnx"):
        try:
            found = json.loads((folder / "config.json").read_text("utf-8-sig"))
        except (OSError, ValueError):
            continue
        return found if isinstance(found, dict) else {}
    return {}


def abilities_of_config(config: Mapping[str, Any]) -> Abilities:
    """What the model of this configuration can do."""
    task = task_of(config)
    several = config.get("problem_type") == "multi_label_classification"
    answers = "boxes" if task == BOXES else "labels" if several else "label"
    return Abilities(logits=task != BOXES, images=task != TEXT, answers=answers, labels=labels_of(config))


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels in the order of the logits; () where the configuration names none, or not all."""
    named = config.get("id2label")
    if not isinstance(named, Mapping):
        return ()
    found = [named.get(str(place)) for place in range(len(named))]
    return tuple(str(label) for label in found) if None not in found else ()


def resolve(root: Path, dtype: str | None) -> TensorFolder:
    """The model in `root`, every file it needs checked to be there. Raises `BackendError`."""
    graphs = root / "onnx" if any((root / "onnx").glob("*.onnx")) else root
    folders = tuple(dict.fromkeys((root, graphs)))
    place = next((folder for folder in folders if (folder / "config.json").exists()), root)
    config = read_json(place / "config.json", "the model's configuration")
    task, labels = task_of(config), labels_of(config)
    if task is None or not labels:
        raise BackendError(f"{place / 'config.json'}: `id2label` does not name the labels 0, 1, 2, ... of the model")
    export, note = choose_export(graphs, dtype, config)
    operators, data = whole_graph(export.path)
    name = "tokenizer.json" if task == TEXT else "preprocessor_config.json"
    other = next((folder / name for folder in folders if (folder / name).exists()), root / name)
    require_file(other, "cutting texts into tokens" if task == TEXT else "preparing images")
    return TensorFolder(
        root=root,
        task=task,
        graph=export.path,
        dtype=export.dtype,
        note=note,
        quantised=any(operator.startswith("DynamicQuantize") for operator in operators),
        files=(export.path, *data, other, place / "config.json"),
        config=config,
        tokenizer=other if task == TEXT else None,
        tokenizer_config=first_json(folders, "tokenizer_config.json", "the tokenizer's settings"),
        processor={} if task == TEXT else read_json(other, "how images are prepared"),
        labels=labels,
    )
