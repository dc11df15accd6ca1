"""The backend `onnx:DIR`: decoder language models in ONNX Runtime, on CUDA or the CPU.

Importing this package loads nothing heavy; the model's runtime comes with `SCHEME.open`.
"""

from __future__ import annotations

from collections.abc import Mapping

from medspec.backends.base import Abilities, Backend, Options, Scheme


def _open(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    from medspec.backends.onnx.backend import open_model

    return open_model(place, settings, options)


SCHEME = Scheme(
    name="onnx",
    summary="a decoder model in ONNX Runtime, from a folder in the Hugging Face layout",
    open=_open,
    abilities=Abilities(text=True, logits=True, prefix="batch"),
)
