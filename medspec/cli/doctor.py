"""`medspec doctor`: what this installation consists of, what it can use, and where it looks for things.

Versions are read from the installed packages' records, so a package that is broken or slow to import is listed all the
same. Only ONNX Runtime is imported, because whether CUDA works can only be found out by trying.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from medspec import __version__
from medspec.cli.options import data_option, format_option
from medspec.cli.output import print_json, print_text
from medspec.config import Config, find_config
from medspec.run.environment import package_version

PACKAGES = (
    "attrs", "click", "hypothesis", "janome", "jieba", "jinja2", "lark", "llguidance", "nltk", "numpy", "pillow", "polars",
    "rich", "tokenizers", "torch", "torchmetrics",
)  # fmt: skip
"""What medspec needs, besides one of the packages of ONNX Runtime."""

RUNTIMES = ("onnxruntime-gpu", "onnxruntime", "onnxruntime-directml", "onnxruntime-silicon", "onnxruntime-openvino")
"""Packages that all own the folder `onnxruntime`, so that only one of them may be installed."""

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "TOKENIZERS_PARALLELISM")
_LITTLE_SPACE = 1_000_000_000


@click.command()
@data_option()
@format_option()
def COMMAND(data: tuple[Path, ...], format: str) -> int:
    """Show versions, the runtime, devices and where files are looked for.

    Ends with 3 when something that a run needs is missing.
    """
    found = examine(find_config(Path.cwd()), data)
    if format == "json":
        print_json(found)
    else:
        print_text(present(found))
    return 3 if found["problems"] else 0


def examine(config: Config, data: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Everything there is to tell, as plain JSON. `problems` stop a run, `remarks` do not."""
    packages = {name: package_version(name) for name in PACKAGES}
    runtimes = {name: version for name in RUNTIMES if (version := package_version(name)) is not None}
    found: dict[str, Any] = {
        "medspec": __version__,
        "python": {"version": platform.python_version(), "executable": sys.executable, "platform": platform.platform()},
        "packages": packages,
        "runtime": {"packages": runtimes, **_runtime()},
        "models": _models(),
        "folders": _folders(config, data),
        "settings": {
            "file": str(config.file) if config.file else None,
            "suite": config.suite,
            "model": config.model,
        },
        "machine": _machine(config),
    }
    found["problems"] = _problems(found)
    found["remarks"] = _remarks(found)
    return found


def _runtime() -> dict[str, Any]:
    from medspec.backends.onnx.session import inspect_runtime

    return inspect_runtime()


def _models() -> dict[str, str]:
    """What can stand after `--model`, by the word before the colon."""
    from medspec.backends import SCHEMES

    return {scheme.name: scheme.summary for scheme in SCHEMES}


def _folders(config: Config, data: tuple[Path, ...]) -> list[dict[str, Any]]:
    """Where specs, data, plans and runs are, in the order in which data roots are tried."""
    from medspec.run.roots import DataRoots

    roots = DataRoots.of(data, config.data)
    rows = [("specs", config.specs, "medspec.toml" if config.file else "default")]
    rows += [("data", folder, origin) for folder, origin in roots.places()]
    rows += [("plans", config.root / "target", "default"), ("runs", config.root / "runs", "default")]
    return [
        {"kind": kind, "path": str(folder), "from": origin, "exists": folder.is_dir()} for kind, folder, origin in rows
    ]


def _machine(config: Config) -> dict[str, Any]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processors": os.cpu_count(),
        "usable_processors": usable,
        "thread_variables": {name: os.environ[name] for name in _THREAD_VARIABLES if name in os.environ},
        "disk_free_bytes": shutil.disk_usage(config.root).free,
    }


def _problems(found: dict[str, Any]) -> list[str]:
    missing = [name for name, version in found["packages"].items() if version is None]
    problems = [f"the package {name} is not installed: pip install {name}" for name in missing]
    if not found["runtime"]["installed"]:
        problems.append(f"ONNX Runtime cannot be imported: {found['runtime']['reason']}")
    return problems


def _remarks(found: dict[str, Any]) -> list[str]:
    remarks = []
    runtimes = found["runtime"]["packages"]
    if len(runtimes) > 1:
        remarks.append(
            f"{' and '.join(runtimes)} are installed together; they overwrite each other's files, and CUDA can vanish "
            f"without a word. Remove all of them, then install one: pip uninstall -y {' '.join(runtimes)} && "
            f"pip install {next(iter(runtimes))}"
        )
    missing = [folder for folder in found["folders"] if folder["kind"] == "data" and not folder["exists"]]
    remarks += [f"the data folder {folder['path']} (from {folder['from']}) does not exist" for folder in missing]
    if found["machine"]["disk_free_bytes"] < _LITTLE_SPACE:
        remarks.append("less than 1 GB of disk space is left")
    return remarks


def present(found: dict[str, Any]) -> str:
    """What `examine` found, for people."""
    python, runtime, machine = found["python"], found["runtime"], found["machine"]
    sections = {
        "": {
            "medspec": found["medspec"],
            "Python": f"{python['version']}  {python['executable']}",
            "system": python["platform"],
        },
        "Packages": {name: version or "not installed" for name, version in found["packages"].items()},
        "ONNX Runtime": _runtime_lines(runtime),
        "Models (--model)": found["models"],
        "Settings": {
            "file": found["settings"]["file"] or "none (medspec.toml is looked for here and in every folder above)",
            "default suite": found["settings"]["suite"] or "none",
            "default model": found["settings"]["model"] or "none",
        },
        "Folders": {
            f"{folder['kind']:<5}  {folder['path']}": folder["from"]
            + ("" if folder["exists"] else ", does not exist yet")
            for folder in found["folders"]
        },
        "Machine": {
            "processors": f"{machine['usable_processors']} usable of {machine['processors']}",
            "disk space left": f"{machine['disk_free_bytes'] / 1e9:,.1f} GB",
            **machine["thread_variables"],
        },
    }
    lines = []
    for title, rows in sections.items():
        width = max(len(name) for name in rows)
        lines += ["", title] if title else []
        lines += [f"  {name:<{width}}  {value}" for name, value in rows.items()]
    for title, remarks in (("Problems", found["problems"]), ("Remarks", found["remarks"])):
        if remarks:
            lines += ["", title, *(f"  {remark}" for remark in remarks)]
    return "\n".join(lines)


def _runtime_lines(runtime: dict[str, Any]) -> dict[str, str]:
    lines = {"packages": ", ".join(f"{name} {version}" for name, version in runtime["packages"].items()) or "none"}
    if not runtime["installed"]:
        return {**lines, "import": f"fails: {runtime['reason']}"}
    devices = [f"{found['kind']} ({found['provider']})" for found in runtime["devices"]]
    cuda = runtime["cuda"]
    return {
        **lines,
        "in this build": ", ".join(runtime["build_providers"]),
        "devices here": ", ".join(devices),
        "CUDA": "works" if cuda["usable"] else f"not used: {cuda['reason']}",
        "threads": f"{runtime['default_threads']} unless --threads says otherwise",
    }
