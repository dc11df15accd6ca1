"""Finding out whether CUDA works here, and if not, why.

ONNX Runtime keeps the reason to its log. It is asked for again in the order in which things usually fail: the build
has no CUDA provider, one of its libraries does not load, the driver finds no GPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import sys
from collections.abc import Callable
from pathlib import Path

CUDA = "CUDAExecutionProvider"


def why_no_cuda(creates_cuda: Callable[[], bool]) -> str | None:
    """None when CUDA works, else the reason in words. `creates_cuda` tries to open a session with CUDA first."""
    import onnxruntime

    if CUDA not in onnxruntime.get_available_providers():
        return (
            f"this build of ONNX Runtime ({onnxruntime.__version__}) has no CUDA provider; "
            "install onnxruntime-gpu in place of onnxruntime"
        )
    _preload()
    if creates_cuda():
        return None
    return _library_error() or _driver_error() or "ONNX Runtime did not say why"


@functools.cache
def _preload() -> None:
    """Load the CUDA libraries that came as Python packages; must happen before the first CUDA session."""
    import onnxruntime

    # It prints what it does not find. What matters of that is found again by `_library_error`.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(OSError, RuntimeError):
        onnxruntime.preload_dlls()


def _library_error() -> str | None:
    """What the loader of the operating system says about the CUDA provider's library."""
    import onnxruntime

    pattern = "onnxruntime_providers_{}.dll" if sys.platform == "win32" else "libonnxruntime_providers_{}.so"
    folder = Path(onnxruntime.__file__).parent / "capi"
    for part in ("shared", "cuda"):
        library = folder / pattern.format(part)
        if not library.exists():
            return f"{library.name} is not part of this installation of ONNX Runtime"
        try:
            ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
        except OSError as err:
            return (
                f"{library.name} does not load: {err}. It needs an NVIDIA driver and CUDA's libraries; "
                'the latter come with `pip install "onnxruntime-gpu[cuda,cudnn]"`'
            )
    return None


def _driver_error() -> str | None:
    """What the NVIDIA driver says when asked for its devices."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError as err:
        return f"the NVIDIA driver does not load: {err}"
    status = driver.cuInit(0)
    if status != 0:
        return f"the NVIDIA driver finds no usable GPU (cuInit returned {status})"
    count = ctypes.c_int(0)
    driver.cuDeviceGetCount(ctypes.byref(count))
    return "the NVIDIA driver lists no GPU" if count.value == 0 else None
