"""The package never runs what it reads: no eval, no pickle, no shell, no import by a name that comes from outside."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "medspec"
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

CALLS = {"eval", "exec", "compile", "__import__", "execfile", "breakpoint"}
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "code",
    "codeop",
    "runpy",
    "ctypes",
}
METHODS = {
    "register_custom_ops_library": "a graph's library would be loaded",
    "system": "a shell",
    "popen": "a shell",
    "load_module": "code by name",
    "exec_module": "code by name",
    "extractall": "an archive that leaves its folder",
}
WORDS = {"shell": True, "trust_remote_code": True, "allow_pickle": True, "weights_only": False}

BY_NAME = {
    "__init__.py": "names of the public list",
    "cli/app.py": "names of the list of commands",
    "cli/metrics.py": "names of the catalogue of metrics",
    "metrics/spoken_words.py": "names written in the same file",
}
"""Files that import a module by its name, and where the name is from."""

EXCEPTIONS = {
    (
        "run/spool.py",
        "pickle",
    ): "its own temporary file without a name, gone with the process; nobody else can write it",
    (
        "cli/revisions.py",
        "extractall",
    ): "what git packed just now: spec files alone, with the filter against leaving the folder",
    ("backends/onnx/cuda.py", "ctypes"): "asks whether the libraries of CUDA can be loaded, by names written there",
}


def broken(path: str) -> list[str]:
    """What of the file at `path` could run something it was not written to run."""
    found = []
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module or "").split(".")[0]]
        found += [f"imports {name}" for name in names if name in MODULES and (path, name) not in EXCEPTIONS]
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        module = (
            node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
        )
        if called in CALLS:
            found.append(f"calls {called}")
        if method in METHODS and (path, method) not in EXCEPTIONS:
            found.append(f"calls {method}: {METHODS[method]}")
        if "import_module" in (called, method) and path not in BY_NAME:
            found.append("imports by a name")
        if (module, method) in {("torch", "load"), ("yaml", "load"), ("np", "load"), ("numpy", "load")}:
            found.append(f"calls {module}.{method}")
        for word in node.keywords:
            if word.arg in WORDS and isinstance(word.value, ast.Constant) and word.value.value is WORDS[word.arg]:
                found.append(f"sets {word.arg}")
    return found


@pytest.mark.parametrize("path", FILES)
def test_nothing_runs_what_it_reads(path: str) -> None:
    assert broken(path) == []


def test_the_rule_finds_what_it_is_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "import pickle, ctypes\nfrom os import system\nimport importlib\n"
        "eval('1')\nos.system('ls')\nimportlib.import_module(name)\noptions.register_custom_ops_library(path)\n"
        "torch.load(path)\nsubprocess.run(x, shell=True)\nAuto.load(trust_remote_code=True)\n"
    )
    (tmp_path / "bad.py").write_text(source, encoding="utf-8")
    globals_of = test_nothing_runs_what_it_reads.__globals__
    monkeypatch.setitem(globals_of, "PACKAGE", tmp_path)
    assert len(broken("bad.py")) == 9


def test_no_exception_is_left_over() -> None:
    for path in (*BY_NAME, *(path for path, _ in EXCEPTIONS)):
        assert (PACKAGE / path).is_file(), path
        assert "import_module" in (PACKAGE / path).read_text("utf-8") or any(
            name in (PACKAGE / path).read_text("utf-8") for file, name in EXCEPTIONS if file == path
        )
