"""How long intervals and comparisons take over a million rows with a thousand resamples, and how much memory.

    python perf/intervals.py [--rows 1000000] [--resamples 1000] [--format json]

Each line runs in a process of its own, so that the memory is its own. `kinds` are rows of a few kinds (right or wrong), `values`
are rows of which no two are alike, which is the slowest there is; clusters hold five rows on the average.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from medspec.metrics.resample import draw, mean_of_values
from medspec.plan.nodes import Interval
from medspec.run.intervals import interval_of_mean


def _rows(rows: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.random(rows) < 0.7).astype(np.float64) if kind == "kinds" else rng.random(rows)


def _interval(kind: str, *, clustered: bool) -> Callable[[int, int], None]:
    def work(rows: int, resamples: int) -> None:
        clusters = np.random.default_rng(1).integers(0, rows // 5, rows) if clustered else None
        if clusters is not None:
            clusters = np.unique(clusters, return_inverse=True)[1]
        interval_of_mean(_rows(rows, kind), Interval(method="bootstrap", resamples=resamples), clusters=clusters)

    return work


def _pair(kind: str) -> Callable[[int, int], None]:
    def work(rows: int, resamples: int) -> None:
        one = _rows(rows, kind)
        draw([mean_of_values(one), mean_of_values(np.roll(one, 1))], resamples, 7)

    return work


CASES: dict[str, Callable[[int, int], None]] = {
    "interval, kinds": _interval("kinds", clustered=False),
    "interval, values": _interval("values", clustered=False),
    "interval, kinds, clustered": _interval("kinds", clustered=True),
    "interval, values, clustered": _interval("values", clustered=True),
    "two runs, kinds": _pair("kinds"),
    "two runs, values": _pair("values"),
}


def _measured(name: str, rows: int, resamples: int, out: Any) -> None:
    start = time.process_time()
    CASES[name](rows, resamples)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.put({"CPU seconds": time.process_time() - start, "MB": peak})


def measure(rows: int, resamples: int) -> dict[str, dict[str, float]]:
    """CPU seconds and largest memory of each case."""
    context = multiprocessing.get_context("spawn")
    found = {}
    for name in CASES:
        out: Any = context.Queue()
        process = context.Process(target=_measured, args=(name, rows, resamples, out))
        process.start()
        found[name] = out.get()
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args()
    found = measure(given.rows, given.resamples)
    if given.format == "json":
        print(json.dumps(found, indent=2))
        return
    print(f"{f'{given.rows:,} rows, {given.resamples:,} resamples':<34} {'CPU s':>6} {'MB':>6}")
    for name, row in found.items():
        print(f"{name:<34} {row['CPU seconds']:>6.1f} {row['MB']:>6.0f}")


if __name__ == "__main__":
    main()
