"""Runs that are killed go on: no call twice, none lost, the report of an undisturbed run. The long form is `make soak`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import killed_runs
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are of POSIX")


def kill(folder: Path, kills: int, seed: int) -> dict[str, int]:
    command = [sys.executable, killed_runs.__file__, str(folder), str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def test_ten_kills(tmp_path: Path) -> None:
    found = kill(tmp_path, 10, seed=3)
    assert found["kills"] == 10 and found["runs"] >= 3


@pytest.mark.slow
def test_five_hundred_kills(tmp_path: Path) -> None:
    found = kill(tmp_path, int(os.environ.get("SOAK_KILLS", "500")), seed=int(os.environ.get("SOAK_SEED", "11")))
    print(json.dumps(found))
    # Kills at every stage, or the trial has tried nothing.
    assert found["replies on their way when killed"] and found["torn logs"] and found["killed before run.json"]
