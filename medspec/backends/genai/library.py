"""onnxruntime-genai, and a model that it loaded.

The library decides nothing about a reply here: it is never asked for a token, only for logits, and is told each token
that was chosen. Three of its ways are switched off for that, each of which would change a reply without a word:

    `pad_token_id`   a prompt that ends with this token is shortened, also alone; set to one that no prompt has
    `chunk_size`     of a prompt read in pieces, only the last piece's logits can be seen
    `search`         what an export says of temperature, penalties and beams
"""

from __future__ import annotations

import json
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.devices import read_device, read_devices
from medspec.backends.genai.folder import GenaiFolder
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.session import DEFAULT_THREADS, runtime_version, why_cpu
from medspec.errors import BackendError, UsageError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

NO_TOKEN = -1
"""Stands where a row of a batch has no token. No prompt has it, and ONNX's `Gather` takes it for the last row of a table."""

_SILENT = 4
_INSTALL = (
    'it is not part of a plain installation: `pip install "medspec[genai]"`, or `pip install onnxruntime-genai-cuda`, which '
    "runs on the CPU too. Never `onnxruntime-genai` where onnxruntime-gpu is: it puts the plain onnxruntime in its place"
)
_SEARCH = {
    "do_sample": False,
    "num_beams": 1,
    "num_return_sequences": 1,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "min_length": 0,
}


def library() -> ModuleType:
    """The library. Raises `BackendError` where it is not installed, or does not load."""
    try:
        import onnxruntime_genai
    except ModuleNotFoundError as err:
        if err.name != "onnxruntime_genai":
            raise BackendError(f"`genai:` needs onnxruntime-genai, which does not load: {err}") from err
        raise BackendError(f"`genai:` needs the package onnxruntime-genai-cuda; {_INSTALL}") from err
    except (ImportError, OSError) as err:
        raise BackendError(
            f"`genai:` needs onnxruntime-genai, which does not load beside onnxruntime {runtime_version()}: {err}"
        ) from err
    return onnxruntime_genai  # type: ignore[no-any-return]


def library_version() -> str:
    """Of the library and of ONNX Runtime, which it runs graphs with."""
    return f"onnxruntime-genai {library().__version__}, onnxruntime {runtime_version()}"


@attrs.frozen
class Loaded:
    """A model and where it runs: `device` is `cpu` or `cuda`, `number` which of the GPUs, from 0."""

    model: Any
    device: str
    number: int
    threads: int
    cpu_reason: str | None
    """Why the CPU was taken although `auto` was asked for and the graph was made for something else."""

    def generator(self, rows: int, length: int) -> Any:
        """New caches of `rows` rows for at most `length` tokens. Raises `StepFailed`."""
        genai = library()
        try:
            settings = genai.GeneratorParams(self.model)
            settings.set_search_options(batch_size=rows, max_length=length, **_SEARCH)
            return genai.Generator(self.model, settings)
        except (RuntimeError, MemoryError) as err:
            raise StepFailed(str(err)) from err


def load(folder: GenaiFolder, *, device: str, threads: int | None) -> Loaded:
    """Load the model. Raises `BackendError` when it does not load, or CUDA was asked for and does not work."""
    genai = library()
    if len(read_devices(device)) > 1:
        raise UsageError(f"device {device!r}: `genai:` runs on one device; several are for `onnx:`")
    kind, number = read_device(device)
    count = DEFAULT_THREADS if threads is None else threads
    if count < 1:
        raise UsageError(f"threads must be at least 1, not {count}")
    reason = _why_cpu(folder, device)
    if kind == "cuda" and reason is not None:
        raise BackendError(f"device {device}: CUDA cannot be used here: {reason}")
    try:
        config = genai.Config(str(folder.files.root))
        config.overlay(json.dumps(_overlay(count)))
        config.clear_providers()
        if reason is None:
            config.append_provider("cuda")
            config.set_provider_option("cuda", "device_id", str(number))
        model = genai.Model(config)
    except (RuntimeError, ValueError, TypeError) as err:
        raise BackendError(f"{folder.files.root}: {library_version()} cannot load this model: {err}") from err
    return Loaded(
        model,
        "cpu" if reason is not None else "cuda",
        number,
        count,
        reason if kind == "auto" and folder.providers else None,
    )


def _why_cpu(folder: GenaiFolder, device: str) -> str | None:
    """Why the model runs on the CPU; None where it runs on a GPU. `auto` means what the graph was made for."""
    kind, _ = read_device(device)
    if kind == "auto" and "cuda" not in folder.providers:
        return f"the graph was made for {', '.join(folder.providers) or 'the CPU'}"
    return why_cpu(device)


def _overlay(threads: int) -> dict[str, Any]:
    session = {"intra_op_num_threads": threads, "inter_op_num_threads": 1, "log_severity_level": _SILENT}
    return {
        "model": {"pad_token_id": NO_TOKEN, "decoder": {"session_options": session}},
        "search": {"chunk_size": 0},
    }


def last_logits(generator: Any) -> NDArray[numpy.float32]:
    """The logits [rows, ids] after the last token of each row, as a copy. Raises `RuntimeError`."""
    import numpy as np

    return np.array(generator.get_logits()[:, -1], dtype=np.float32)
