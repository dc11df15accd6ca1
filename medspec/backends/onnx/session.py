"""Opening a graph in ONNX Runtime, on the device that was asked for.

ONNX Runtime goes on with the CPU, with a line on stderr at most, when a GPU cannot be used; and its list of available
providers describes the build, not the machine. So what counts here is the first provider of the opened session.

    device `auto`  CUDA when it works, else CPU; `Opened.cpu_reason` says why
    device `cpu`   CPU
    device `cuda`  CUDA, or a BackendError that says why not; `cuda:1` is the second GPU
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.devices import read_device
from medspec.backends.onnx.cuda import CUDA, why_no_cuda
from medspec.backends.onnx.graph_edit import ChangedGraph
from medspec.errors import BackendError, UsageError

if TYPE_CHECKING:
    import onnxruntime

CPU = "CPUExecutionProvider"

DEFAULT_THREADS = 1
"""More threads than real cores make ONNX Runtime slower, and how many cores are real cannot be asked."""

_SILENT = 4
_CUDA_SETTINGS = {
    # TF32 would round every factor to 10 bits and move logits by 1e-3 against the CPU.
    "use_tf32": "0",
    # A growing cache asks for slightly more every step; doubling would waste half the memory.
    "arena_extend_strategy": "kSameAsRequested",
}

# A graph that copies one number, as ONNX bytes: enough to see whether a provider can be created.
_PROBE = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a017912"
    "0a0a08080112040a02080142040a00100d"
)


@attrs.frozen
class Opened:
    """A session and where it runs: `device` is `cpu` or `cuda`, `number` which of the GPUs, from 0."""

    session: onnxruntime.InferenceSession
    device: str
    threads: int
    cpu_reason: str | None
    """Why the CPU was taken although `auto` prefers CUDA."""
    number: int = 0


def open_session(graph: Path, *, device: str, threads: int | None, changed: ChangedGraph | None = None) -> Opened:
    """Load the graph, or what was made of it: with `changed` only its weights come from files.

    Raises `BackendError` when it does not load, or CUDA was asked for and does not work.
    """
    kind, number = read_device(device)
    count = DEFAULT_THREADS if threads is None else threads
    if count < 1:
        raise UsageError(f"threads must be at least 1, not {count}")
    reason = why_cpu(device)
    if kind == "cuda" and reason is not None:
        raise BackendError(f"device {device}: CUDA cannot be used here: {reason}")
    source = str(graph) if changed is None else changed.content
    cuda, folder = number if reason is None else None, None if changed is None else changed.folder
    session = _load(str(graph), source, threads=count, cuda=cuda, folder=folder)
    used = "cuda" if session.get_providers()[0] == CUDA else "cpu"
    if used == "cpu" and reason is None:
        reason = "ONNX Runtime opened this graph on the CPU although it can create CUDA sessions"
        if kind == "cuda":
            raise BackendError(f"{graph}: device {device}: {reason}")
    return Opened(session, used, count, reason if used == "cpu" and kind == "auto" else None, number)


def open_beside(graph: bytes, opened: Opened) -> onnxruntime.InferenceSession:
    """A small graph on the device of a session that is open. Raises `BackendError`."""
    cuda = None if opened.device == "cpu" else opened.number
    return _load("a graph of one node", graph, threads=opened.threads, cuda=cuda)


def why_cpu(device: str) -> str | None:
    """Why sessions for `device` run on the CPU; None where they run on a GPU."""
    return "asked for" if device == "cpu" else why_no_cuda(_creates_cuda)


def inspect_runtime() -> dict[str, Any]:
    """What ONNX Runtime can do on this machine, for `medspec doctor`. Plain JSON; never raises.

    `build_providers` are compiled in, `devices` exist; `cuda.usable` comes from an attempt.
    """
    try:
        import onnxruntime
    except ImportError as err:
        return {"installed": False, "reason": str(err)}
    reason = why_no_cuda(_creates_cuda)
    return {
        "installed": True,
        "package": _package_name(),
        "version": onnxruntime.__version__,
        "build": onnxruntime.get_build_info(),
        "build_providers": list(onnxruntime.get_available_providers()),
        "devices": [
            {"provider": found.ep_name, "kind": found.device.type.name, "vendor": found.device.vendor}
            for found in getattr(onnxruntime, "get_ep_devices", list)()  # newer than the oldest version we take
        ],
        "cuda": {"usable": reason is None, "reason": reason},
        "default_threads": DEFAULT_THREADS,
    }


def runtime_version() -> str:
    """Of ONNX Runtime."""
    import onnxruntime

    return str(onnxruntime.__version__)


def _package_name() -> str:
    try:
        from onnxruntime.capi.build_and_package_info import package_name
    except ImportError:
        return "onnxruntime"
    return str(package_name)


def _creates_cuda() -> bool:
    try:
        return bool(_load("the probe graph", _PROBE, threads=1, cuda=0).get_providers()[0] == CUDA)
    except BackendError:
        return False


def _load(
    name: str, source: str | bytes, *, threads: int, cuda: int | None, folder: Path | None = None
) -> onnxruntime.InferenceSession:
    """A session of a file or of bytes, whose weights then lie below `folder`; `name` is what messages call it."""
    import onnxruntime

    # What the provider bridge has to say goes to the default logger, before any session exists.
    onnxruntime.set_default_logger_severity(_SILENT)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder))
    providers: list[Any] = [CPU] if cuda is None else [(CUDA, _CUDA_SETTINGS | {"device_id": str(cuda)}), CPU]
    try:
        return onnxruntime.InferenceSession(source, sess_options=options, providers=providers)
    except Exception as err:  # ONNX Runtime's errors have no common class below Exception
        raise BackendError(f"{name}: ONNX Runtime {onnxruntime.__version__} cannot load this graph: {err}") from err
