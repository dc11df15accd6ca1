"""Which `.onnx` file of a folder is the decoder, and in which number format.

Hugging Face repositories keep several exports of the same model side by side, told apart by a suffix:
`model.onnx` (fp32), `model_fp16.onnx`, `model_q4.onnx`, `model_quantized.onnx` (q8), ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import attrs

from medspec.errors import BackendError

SUFFIXES: dict[str, str] = {
    "fp32": "",
    "fp16": "_fp16",
    "q8": "_quantized",
    "int8": "_int8",
    "uint8": "_uint8",
    "q4": "_q4",
    "q4f16": "_q4f16",
    "bnb4": "_bnb4",
    "q2": "_q2",
    "q2f16": "_q2f16",
    "q1": "_q1",
    "q1f16": "_q1f16",
}
"""Number format, as people name it, to the suffix of the file."""

_DECODERS = ("model", "decoder_model_merged")
ENCODER, EMBEDDER = "vision_encoder", "embed_tokens"
"""The graphs that stand beside the decoder of an image-text model."""

READER, CONTINUER = "encoder_model", "decoder_with_past_model"
"""The graphs that stand beside the decoder of an encoder-decoder model."""

_PAIRED = "decoder_model"
"""A decoder without a cache to go on from; `CONTINUER` beside it has one."""

_PARTS = {
    "embed_tokens": "an image-text or audio-text model",
    "vision_encoder": "an image-text model",
    "audio_encoder": "an audio-text model",
    "prepare_inputs_embeds": "an image-text model",
    "decoder_with_past_model": "a decoder split in two graphs (without and with past)",
}


@attrs.frozen
class Export:
    """One graph of a folder. `dtype` is what its suffix says; a file without suffix counts as fp32."""

    base: str
    dtype: str
    path: Path


def list_exports(folder: Path) -> tuple[Export, ...]:
    """Every graph in `folder`, sorted by name."""
    return tuple(_parse(path) for path in sorted(folder.glob("*.onnx")))


def choose_export(folder: Path, dtype: str | None, config: Mapping[str, Any]) -> tuple[Export, str | None]:
    """The decoder graph to load, and a note for people when the choice was not theirs.

    `dtype` is the user's wish; without one `transformers.js_config.dtype` of `config` decides, else fp32, else the only
    export there is. Raises `BackendError` with the list of what exists.
    """
    exports = list_exports(folder)
    decoders = _decoders(folder, exports)
    if dtype is not None:
        wished = _dtype_name(folder, dtype)
        return _first_with(decoders, wished) or _refuse(folder, decoders, f"no {wished} export"), None
    for preferred in (_config_dtype(config, decoders), "fp32"):
        chosen = _first_with(decoders, preferred)
        if chosen is not None:
            return chosen, None
    if len(decoders) == 1:
        return decoders[0], f"{decoders[0].path.name} is the only export there is"
    _refuse(folder, decoders, "several exports and none is fp32")


def choose_parts(folder: Path, decoder: Export) -> tuple[Export, ...]:
    """The graphs that a model has beside `decoder`, in its number format or else the widest there is.

    () for a decoder that takes token ids. An image-text model without a vision encoder reads text. What continues where
    `decoder` began must be of the same number format.
    """
    if decoder.base not in (_DECODERS[1], _PAIRED):
        return ()
    order = [decoder.dtype, "fp32", "fp16"]
    found = [
        export
        for export in list_exports(folder)
        if decoder.base == _PAIRED and (export.base, export.dtype) == (CONTINUER, decoder.dtype)
    ]
    for base in (ENCODER, EMBEDDER, READER):
        exports = [export for export in list_exports(folder) if export.base == base]
        if exports:
            found.append(min(exports, key=lambda e: order.index(e.dtype) if e.dtype in order else len(order)))
    return tuple(found)


def _parse(path: Path) -> Export:
    for dtype, suffix in SUFFIXES.items():
        if suffix and path.stem.endswith(suffix):
            return Export(path.stem.removesuffix(suffix), dtype, path)
    return Export(path.stem, "fp32", path)


def _decoders(folder: Path, exports: Sequence[Export]) -> list[Export]:
    """The graphs that can be the decoder, `model` before the older name."""
    if not exports:
        found = ", ".join(sorted(path.name for path in folder.iterdir())[:12]) or "nothing"
        raise BackendError(f"{folder}: there is no .onnx graph here (found: {found})")
    bases = {export.base for export in exports}
    if READER in bases:
        return _writers(folder, exports, bases)
    if {EMBEDDER, _DECODERS[1]} <= bases:
        return [export for export in exports if export.base == _DECODERS[1]]
    if ENCODER in bases and _DECODERS[1] in bases:
        raise BackendError(f"{folder}: there is no {EMBEDDER}.onnx, and the decoder of an image-text model needs it")
    for part, meaning in _PARTS.items():
        if part in bases and "model" not in bases and not (part.startswith("decoder") and _DECODERS[1] in bases):
            raise BackendError(
                f"{folder}: {part}.onnx belongs to {meaning}, which `onnx:` cannot run; it runs decoders"
            )
    named = [export for base in _DECODERS for export in exports if export.base == base]
    if named or len(exports) == 1:
        return named or list(exports)
    names = ", ".join(export.path.name for export in exports)
    raise BackendError(f"{folder}: none of these graphs is called model.onnx or decoder_model_merged.onnx: {names}")


def _writers(folder: Path, exports: Sequence[Export], bases: set[str]) -> list[Export]:
    """The decoders of an encoder-decoder model, the merged one before the one without a cache."""
    if {ENCODER, EMBEDDER} & bases:
        raise BackendError(
            f"{folder}: {READER}.onnx beside the graphs of an image-text model is a layout that `onnx:` cannot run"
        )
    found = [export for base in (_DECODERS[1], _PAIRED) for export in exports if export.base == base]
    if not found:
        raise BackendError(
            f"{folder}: {READER}.onnx belongs to an encoder-decoder model, and there is no {_DECODERS[1]}.onnx or {_PAIRED}.onnx "
            "beside it; `onnx:` runs no encoder alone"
        )
    return found


def _dtype_name(folder: Path, dtype: str) -> str:
    if dtype in SUFFIXES:
        return dtype
    by_suffix = {suffix.removeprefix("_"): name for name, suffix in SUFFIXES.items() if suffix}
    if dtype in by_suffix:
        return by_suffix[dtype]
    raise BackendError(f"{folder}: dtype {dtype!r} is not known; known are {', '.join(SUFFIXES)}")


def _config_dtype(config: Mapping[str, Any], decoders: Sequence[Export]) -> str | None:
    """`transformers.js_config.dtype`: one name for all graphs, or one for each base name."""
    settings = config.get("transformers.js_config")
    dtype = settings.get("dtype") if isinstance(settings, Mapping) else None
    if isinstance(dtype, Mapping):
        return next((str(dtype[export.base]) for export in decoders if export.base in dtype), None)
    return dtype if isinstance(dtype, str) else None


def _first_with(decoders: Sequence[Export], dtype: str | None) -> Export | None:
    return next((export for export in decoders if export.dtype == dtype), None)


def _refuse(folder: Path, decoders: Sequence[Export], what: str) -> NoReturn:
    available = ", ".join(f"{export.dtype} ({export.path.name})" for export in decoders)
    raise BackendError(f"{folder}: {what}; available: {available}. Choose one of these as the dtype")
