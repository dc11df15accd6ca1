"""Very many rows in one run: none is lost, and time and memory are printed. `SOAK_ROWS` says how many, ten million otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import many_rows
import pytest


def run(folder: Path, rows: int) -> dict[str, int]:
    """A process of its own, so that the memory is that of the run."""
    command = [sys.executable, many_rows.__file__, str(folder), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="the largest memory of a process is asked of POSIX")
@pytest.mark.slow
def test_ten_million_rows(tmp_path: Path) -> None:
    rows = int(os.environ.get("SOAK_ROWS", "10_000_000"))
    found = run(tmp_path, rows)
    print(json.dumps(found))
    assert found["rows"] == rows and found["right"] == found["right by construction"]


@pytest.mark.skipif(sys.platform == "win32", reason="the largest memory of a process is asked of POSIX")
def test_some_thousand_rows(tmp_path: Path) -> None:
    found = run(tmp_path, 20_000)
    assert found["rows"] == 20_000 and found["right"] == found["right by construction"] == 4_999
