"""The backend `onnx:DIR`: models in ONNX Runtime, on CUDA or the CPU.

    decoder              writes replies and scores options, with images or without      `backend.py`
    encoder-decoder      the same for text, in the layout of T5 and BART                `seq2seq/`
    classifier, detector answers with labels, or with boxes on an image                 `tensors/`

On several devices each has the whole model, and a part of the rows: `several.py`.

Importing this package loads nothing heavy; the model's runtime comes with `SCHEME.open`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from medspec.backends.base import Abilities, Backend, Options, Scheme
from medspec.backends.devices import read_devices
from medspec.backends.onnx.exports import ENCODER, READER
from medspec.backends.onnx.tensors.folder import abilities_of_config, find_config, task_of

_TEXT = Abilities(text=True, logits=True, prefix="batch")


def abilities_at(place: str | Path) -> Abilities:
    """What the model in a folder can do, from config.json and the names of its graphs."""
    root = Path(place).expanduser()
    config = find_config(root)
    if task_of(config) is not None:
        return abilities_of_config(config)
    if _has_graph(root, READER):
        return attrs.evolve(_TEXT, prefix="none")
    return attrs.evolve(_TEXT, images=_has_graph(root, ENCODER))


def _has_graph(root: Path, base: str) -> bool:
    return any(next(folder.glob(f"{base}*.onnx"), None) for folder in (root / "onnx", root))


def _open(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    devices = read_devices(options.device)
    if len(devices) == 1:
        return _open_on(place, settings, options)
    from medspec.backends.onnx.several import open_several

    return open_several(
        lambda device: _open_on(place, settings, attrs.evolve(options, device=device, beside=len(devices))), devices
    )


def _open_on(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    """The model on one device."""
    root = Path(place).expanduser()
    if task_of(find_config(root)) is not None:
        from medspec.backends.onnx.tensors.backend import open_model as open_tensors

        return open_tensors(place, settings, options)
    if _has_graph(root, READER):
        from medspec.backends.onnx.seq2seq.backend import open_model as open_seq2seq

        return open_seq2seq(place, settings, options)
    from medspec.backends.onnx.backend import open_model

    return open_model(place, settings, options)


SCHEME = Scheme(
    name="onnx",
    summary="a model in ONNX Runtime, from a folder in the Hugging Face layout",
    open=_open,
    abilities=_TEXT,
    abilities_at=abilities_at,
)
