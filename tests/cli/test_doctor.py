"""`medspec doctor`: what it finds, what it warns of, how it shows it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from medspec.cli import doctor
from medspec.config import Config

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(doctor.COMMAND, [*arguments], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Config:
    (tmp_path / "specs").mkdir()
    return Config(root=tmp_path, file=tmp_path / "medspec.toml", specs=tmp_path / "specs", suite="core", model="hash")


def test_every_dependency_is_looked_at() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {line.split(">=")[0].strip() for line in declared}
    assert names == {*doctor.PACKAGES, "onnxruntime", "onnxruntime-gpu"}


def test_versions_are_those_of_the_installed_packages(project: Config) -> None:
    found = doctor.examine(project)
    assert found["packages"] == {name: metadata.version(name) for name in doctor.PACKAGES}
    assert found["problems"] == []
    assert found["settings"] == {"file": str(project.file), "suite": "core", "model": "hash"}


def test_folders_stand_in_the_order_in_which_they_are_tried(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSPEC_DATA", str(project.root / "from_variable"))
    config = Config(root=project.root, file=project.file, specs=project.specs, data=(project.root / "configured",))
    found = doctor.examine(config, (project.root,))
    data = [
        (folder["path"], folder["from"], folder["exists"]) for folder in found["folders"] if folder["kind"] == "data"
    ]
    assert data == [
        (str(project.root), "--data", True),
        (str(project.root / "from_variable"), "MEDSPEC_DATA", False),
        (str(project.root / "configured"), "medspec.toml", False),
    ]
    assert f"the data folder {project.root / 'configured'} (from medspec.toml) does not exist" in found["remarks"]


def test_two_runtimes_side_by_side_are_warned_of(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.package_version
    monkeypatch.setattr(doctor, "package_version", lambda name: "1.32.0" if name == "onnxruntime" else real(name))
    monkeypatch.setattr(doctor, "_runtime", lambda: {"installed": True})
    both = {"onnxruntime-gpu", "onnxruntime"}
    found = doctor.examine(project)
    if both <= set(found["runtime"]["packages"]):
        assert any("overwrite each other's files" in remark for remark in found["remarks"])
        assert any("pip uninstall -y onnxruntime-gpu onnxruntime" in remark for remark in found["remarks"])
    else:
        pytest.skip("this platform has no onnxruntime-gpu")


def test_a_missing_package_is_a_problem(project: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.package_version
    monkeypatch.setattr(doctor, "package_version", lambda name: None if name == "polars" else real(name))
    monkeypatch.setattr(doctor, "_runtime", lambda: {"installed": False, "reason": "broken"})
    found = doctor.examine(project)
    assert found["problems"] == [
        "the package polars is not installed: pip install polars",
        "ONNX Runtime cannot be imported: broken",
    ]


def test_problems_give_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_runtime", lambda: {"installed": False, "reason": "broken"})
    code, out = call()
    assert code == 3
    assert "Problems\n  ONNX Runtime cannot be imported: broken" in out


def test_json_holds_the_same_facts() -> None:
    code, out = call("--format", "json")
    found = json.loads(out)
    assert code == 0
    assert found["packages"]["attrs"] == metadata.version("attrs")
    assert found["runtime"]["build_providers"]


FOUND: dict[str, Any] = {
    "medspec": "0.1.0",
    "python": {"version": "3.11.7", "executable": "/p/.venv/bin/python", "platform": "Linux-6.1-x86_64"},
    "packages": {"attrs": "26.1.0", "torchmetrics": None},
    "runtime": {
        "packages": {"onnxruntime-gpu": "1.31.1"},
        "installed": True,
        "build_providers": ["CUDAExecutionProvider", "CPUExecutionProvider"],
        "devices": [{"provider": "CPUExecutionProvider", "kind": "CPU", "vendor": "Intel"}],
        "cuda": {"usable": False, "reason": "the NVIDIA driver lists no GPU"},
        "default_threads": 1,
    },
    "models": {"onnx": "decoder models as ONNX files, in a folder", "hash": "a stand-in"},
    "folders": [
        {"kind": "specs", "path": "/p/specs", "from": "medspec.toml", "exists": True},
        {"kind": "data", "path": "/data", "from": "MEDSPEC_DATA", "exists": False},
    ],
    "settings": {"file": "/p/medspec.toml", "suite": "core", "model": None},
    "machine": {
        "processors": 8,
        "usable_processors": 4,
        "thread_variables": {"OMP_NUM_THREADS": "1"},
        "disk_free_bytes": 12_340_000_000,
    },
    "problems": ["the package torchmetrics is not installed: pip install torchmetrics"],
    "remarks": ["the data folder /data (from MEDSPEC_DATA) does not exist"],
}


def test_how_it_looks(golden: Callable[[Path, str], None]) -> None:
    golden(HERE / "golden" / "doctor.txt", doctor.present(FOUND) + "\n")
