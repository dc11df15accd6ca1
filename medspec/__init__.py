"""medspec: a compiler for clinical AI benchmarks.

    checked = medspec.check_specs(["specs"])
    plan = medspec.compile_specs(["specs"], "quickstart")
    report = medspec.run_plan(plan, "builtin:quickstart", out="runs/first")

Importing this loads nothing heavy: the functions are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from medspec.api import check_specs, compile_specs, run_plan
    from medspec.errors import (
        BackendError,
        CompileFailed,
        DataError,
        MedspecError,
        RunError,
        StoreError,
        UsageError,
    )

__all__ = [
    "BackendError",
    "CompileFailed",
    "DataError",
    "MedspecError",
    "RunError",
    "StoreError",
    "UsageError",
    "__version__",
    "check_specs",
    "compile_specs",
    "run_plan",
]

_FUNCTIONS = ("check_specs", "compile_specs", "run_plan")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'medspec' has no attribute {name!r}")
    module = import_module("medspec.api" if name in _FUNCTIONS else "medspec.errors")
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
