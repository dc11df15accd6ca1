"""A run whose machine goes to sleep and whose clocks jump ends as if nothing had been."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sleeping_runs


@pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped and woken on POSIX")
def test_a_machine_that_goes_to_sleep(tmp_path: Path) -> None:
    command = [sys.executable, sleeping_runs.__file__, str(tmp_path), "5"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["calls"] and found["refused"] == 1
    assert found["told seconds"] >= sleeping_runs.DAY, "the clock did not jump, so nothing was tried"
