"""The commands for the text of specs start without what only a run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "torchmetrics", "polars", "onnxruntime", "numpy", "transformers", "tokenizers", "rich", "hypothesis"}

PROBE = """
import sys
from medspec.cli import app
try:
    app.main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(code, *loaded, file=sys.stderr)
"""


def loaded_by(arguments: tuple[str, ...], folder: Path) -> tuple[int, set[str]]:
    """The exit code of a command run in `folder`, and the top-level modules that its process had imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, cwd=folder, check=True, timeout=120
    )
    code, *names = done.stderr.splitlines()[-1].split()
    return int(code), set(names)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)], ids=" ".join)
def test_help_needs_click_alone(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, names = loaded_by(arguments, tmp_path)
    assert code == 0
    assert "click" in names
    assert not names & {*HEAVY, "lark", "attrs", "attr", "jinja2"}


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("check", "--format", "sarif"), ("ls",), ("explain", "E0304"), ("compile",), ("test", "--examples"), ("lock",),
     ("diff", "specs", "specs"), ("show", "exam_letters", "--resolved"), ("ls", "--select", "kind:task"),
     ("docs",), ("init", "new"), ("fmt",), ("fix",)],
    ids=" ".join,
)  # fmt: skip
def test_work_on_text_imports_nothing_heavy(arguments: tuple[str, ...], project: Path) -> None:
    code, names = loaded_by(arguments, project)
    assert code == 0
    assert not names & HEAVY
