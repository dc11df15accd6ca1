"""Commands that are killed and given again: judged runs, `score`, `fetch`. The long form is `make soak`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import killed_commands
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are of POSIX")


def kill(folder: Path, kills: int, seed: int) -> dict[str, dict[str, int]]:
    pytest.importorskip("httpx2", reason="the extra `remote` is not installed")
    command = [sys.executable, killed_commands.__file__, str(folder), str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, int]] = json.loads(done.stdout)
    return found


def test_one_kill_of_each(tmp_path: Path) -> None:
    found = kill(tmp_path, 1, seed=3)
    assert all(found[command]["kills"] >= 1 for command in ("run --judge", "score", "fetch"))


@pytest.mark.slow
def test_many_kills_of_each(tmp_path: Path) -> None:
    kills = max(1, int(os.environ.get("SOAK_KILLS", "500")) // 10)
    found = kill(tmp_path, kills, seed=int(os.environ.get("SOAK_SEED", "11")))
    print(json.dumps(found))
    assert found["fetch"]["requests that went on"], "no download was killed on its way, so nothing was tried"
