"""What a run ran on: versions, system, hardware. Nothing here is imported, only asked for its version."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = (
    "medspec",
    "attrs",
    "jinja2",
    "lark",
    "numpy",
    "onnxruntime",
    "onnxruntime-genai-cuda",
    "onnxruntime-gpu",
    "polars",
    "tokenizers",
    "torch",
    "torchmetrics",
)


def environment() -> dict[str, Any]:
    """Versions of what can move a number, and the machine. Plain JSON."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := package_version(name)) is not None},
    }


def package_version(name: str) -> str | None:
    """The installed version of a package; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    if sys.platform == "linux":
        try:
            with open("/proc/cpuinfo", encoding="utf-8") as lines:
                for line in lines:
                    if line.startswith("model name"):
                        return line.split(":", 1)[1].strip()
        except OSError:
            pass
    return platform.processor()
