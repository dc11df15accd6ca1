"""The command line as a person calls it: a process of its own, in the project's root."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs `medspec` with the given arguments and returns what came of it."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("MEDSPEC_DATA", "FORCE_COLOR")}
        return subprocess.run(
            [sys.executable, "-m", "medspec", *map(str, arguments)],
            cwd=ROOT,
            env={**kept, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run
