"""How many rows at a time, and how many threads: a run of medspec for each, in turns, and the same replies from all.

    python perf/make_model.py FOLDER [--items 100]
    python perf/sweep.py FOLDER [--work write] [--graph model] [--batch 4,8,16,32] [--threads 1] [--rounds 2]

Every run is a process of its own, start-up included; a line of the table is one number of rows and of threads, with the
least seconds by the clock and of the processor over the rounds, as multiples of the first line, and the largest memory.
On a machine that does other work the processor's seconds are what to compare, of more threads only the clock's.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from itertools import product
from pathlib import Path

from measuring import Taken, process, write_bytecode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", choices=("letters", "texts", "write"), default="write")
    parser.add_argument("--graph", default="model", help="the folder of the graph: model or model_generic")
    parser.add_argument("--batch", default="4,8,16,32,64", help="numbers of rows")
    parser.add_argument("--threads", default="1", help="numbers of threads")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    ways = list(product(map(int, asked.batch.split(",")), map(int, asked.threads.split(","))))
    write_bytecode()
    taken: dict[tuple[int, int], list[Taken]] = {way: [] for way in ways}
    replies: set[str] = set()
    for _ in range(asked.rounds):
        for way in ways:
            found, said = timed(folder, asked.work, asked.graph, *way)
            taken[way].append(found)
            replies.add(said)
    print(f"{asked.work} of {asked.graph}, {asked.rounds} rounds; {len(os.sched_getaffinity(0))} processors")
    print(f"{'rows':>5} {'threads':>8} {'wall s':>8} {'times':>6} {'cpu s':>8} {'times':>6} {'MB':>6}")
    for way, runs in taken.items():
        wall, cpu = (min(getattr(run, name) for run in runs) for name in ("seconds", "cpu"))
        first = [min(getattr(run, name) for run in taken[ways[0]]) for name in ("seconds", "cpu")]
        print(
            f"{way[0]:5} {way[1]:8} {wall:8.1f} {wall / first[0]:6.2f} {cpu:8.1f} {cpu / first[1]:6.2f}"
            f" {max(run.memory for run in runs):6.0f}"
        )
    print("the replies are the same in all" if len(replies) == 1 else "REPLIES DIFFER")


def timed(folder: Path, work: str, graph: str, batch: int, threads: int) -> tuple[Taken, str]:
    """One run, and what it answered."""
    import polars as pl

    with tempfile.TemporaryDirectory() as out:
        program = [sys.executable, "-m", "medspec", "run", work, "--model", f"onnx:{folder / graph}"]
        numbers = ["--batch", str(batch), "--threads", str(threads)]
        rest = ["--device", "cpu", "--out", f"{out}/run", "--format", "json", "-q"]
        found = process([*program, *numbers, *rest], folder, OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
        rows = pl.read_parquet(f"{out}/run/rows.parquet").sort("row_id").to_dicts()
    return found, repr([(row["row_id"], row["answer"] if work != "write" else row["reply"]) for row in rows])


if __name__ == "__main__":
    main()
