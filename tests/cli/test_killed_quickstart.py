"""The quickstart with the model that is shipped, killed at random moments: it goes on to the very report it would have had."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KILLS = 3


def medspec(*arguments: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "medspec", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def result(run: Path) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Report and rows without times: two runs of a real model never take equally long for a row."""
    import polars as pl

    report = json.loads((run / "report.json").read_text("utf-8"))
    kept = {key: value for key, value in report.items() if key not in ("started", "seconds")}
    return kept, pl.read_parquet(run / "rows.parquet").drop("seconds").to_dicts()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_a_killed_quickstart_goes_on(tmp_path: Path) -> None:
    start = ("run", "--model", "builtin:quickstart", "--exact", "--fresh", "--quiet", "--out")
    began = time.monotonic()
    assert medspec(*start, str(tmp_path / "whole")).wait() == 0
    seconds = time.monotonic() - began
    run, rng, stopped = tmp_path / "killed", random.Random(4), 0
    for _ in range(KILLS):
        process = medspec(*(("resume", "--quiet") if (run / "run.json").exists() else start), str(run))
        time.sleep(seconds * rng.uniform(0.3, 0.8))
        process.send_signal(signal.SIGKILL)
        stopped += process.wait() == -signal.SIGKILL
    assert stopped, "nothing was killed, so nothing was tried"
    last = medspec("resume", "--quiet", str(run))
    _, said = last.communicate()
    assert last.returncode == 0, said.decode()
    assert result(run) == result(tmp_path / "whole")
