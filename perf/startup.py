"""How long the commands that people type all day take to start, against Python itself.

    python perf/startup.py [--rounds 15] [--format json]

Each round runs every command once, in turn, so that a busy moment of the machine hits all of them. The number that counts is
the ratio of the medians: it moves little from machine to machine. The rate at which prompts are built is printed below.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = "python -c pass"


def commands(scratch: Path) -> dict[str, list[str]]:
    """What is timed. All of them work on this repository's own specs."""
    medspec = [sys.executable, "-m", "medspec"]
    return {
        BASELINE: [sys.executable, "-c", "pass"],
        "medspec --help": [*medspec, "--help"],
        "medspec check specs": [*medspec, "check", str(ROOT / "specs")],
        "medspec compile quickstart": [*medspec, "compile", "quickstart", "--out", str(scratch)],
    }


def time_once(command: list[str]) -> float:
    """Wall-clock seconds of one process. Raises when the command fails: a fast failure is no result."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each command, and how many times Python's own start that is."""
    with tempfile.TemporaryDirectory() as scratch:
        timed = commands(Path(scratch))
        for command in timed.values():
            # Not counted: bytecode is written, and files get into the page cache.
            time_once(command)
        seconds: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(rounds):
            for name, command in timed.items():
                seconds[name].append(time_once(command))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        name: {"milliseconds": median * 1000, "ratio": median / medians[BASELINE]} for name, median in medians.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    results = measure(options.rounds)
    if options.format == "json":
        print(json.dumps(results, indent=2))
        return
    width = max(len(name) for name in results)
    print(f"{'command':<{width}}  {'ms':>6}  {'x python':>8}")
    for name, result in results.items():
        print(f"{name:<{width}}  {result['milliseconds']:>6.0f}  {result['ratio']:>8.1f}")


if __name__ == "__main__":
    main()
