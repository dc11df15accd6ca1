"""What the scripts of this folder share: processes that are timed, pieces of work that take turns, and the table printed."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[1]


@attrs.frozen
class Taken:
    """What one process took: seconds by the clock and of the processor, and its largest memory in MB."""

    seconds: float
    cpu: float
    memory: float


def process(command: Sequence[str], folder: Path, **environment: str) -> Taken:
    """Run `command` in `folder`, with more variables. Leaves with what it printed when it fails: a fast failure is no result."""
    surroundings = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        running = subprocess.Popen(list(command), cwd=folder, env=surroundings, stdout=output, stderr=output)
        _, status, used = os.wait4(running.pid, 0)
        seconds = time.perf_counter() - start
        running.returncode = status
        if status:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode(errors='replace')[-3000:]}")
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def median(found: Sequence[Taken]) -> Taken:
    """Each number's median."""
    return Taken(*(statistics.median(numbers) for numbers in zip(*map(attrs.astuple, found), strict=True)))


def write_bytecode() -> None:
    """Not counted anywhere: an installed package has its bytecode beside it."""
    compileall.compile_dir(str(ROOT / "medspec"), quiet=2)


def in_turn(works: Sequence[Callable[[], float]], rounds: int) -> list[tuple[float, float]]:
    """Run the `works` one after the other, `rounds` times: the least CPU seconds of each, and its value, always the same."""
    best = [float("inf")] * len(works)
    values: list[set[float]] = [set() for _ in works]
    for _ in range(rounds):
        for place, work in enumerate(works):
            start = time.process_time()
            values[place].add(work())
            best[place] = min(best[place], time.process_time() - start)
    assert all(len(found) == 1 for found in values), values
    return [(seconds, found.pop()) for seconds, found in zip(best, values, strict=True)]


def arguments(description: str | None, rows: int, rounds: int) -> argparse.Namespace:
    """`--rows`, `--rounds` and `--format` as given."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser.parse_args()


def show(title: str, found: Mapping[str, Mapping[str, float]], form: str) -> None:
    """Print one line for each entry of `found`: milliseconds as whole numbers, ratios with one digit; or JSON."""
    if form == "json":
        print(json.dumps(found, indent=2))
        return
    columns = list(next(iter(found.values())))
    width = max(len(title), *map(len, found))
    print("  ".join([f"{title:<{width}}", *(f"{name:>9}" for name in columns)]))
    for name, row in found.items():
        cells = (f"{value:>{max(9, len(c))}.{1 if c.startswith('times') else 0}f}" for c, value in row.items())
        print("  ".join([f"{name:<{width}}", *cells]))
