"""The backend `onnx:DIR`: decoder language models in ONNX Runtime, on CUDA or the CPU, with images or without.

Importing this package loads nothing heavy; the model's runtime comes with `SCHEME.open`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from medspec.backends.base import Abilities, Backend, Options, Scheme
from medspec.backends.onnx.exports import ENCODER

_TEXT = Abilities(text=True, logits=True, prefix="batch")


def abilities_at(place: str | Path) -> Abilities:
    """What the model in a folder can do, from the names of its graphs."""
    root = Path(place).expanduser()
    seeing = any(next(folder.glob(f"{ENCODER}*.onnx"), None) for folder in (root / "onnx", root))
    return attrs.evolve(_TEXT, images=seeing)


def _open(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    from medspec.backends.onnx.backend import open_model

    return open_model(place, settings, options)


SCHEME = Scheme(
    name="onnx",
    summary="a decoder model in ONNX Runtime, from a folder in the Hugging Face layout",
    open=_open,
    abilities=_TEXT,
    abilities_at=abilities_at,
)
