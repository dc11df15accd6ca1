"""One step of decoding, by what its time goes to: a profile of onnxruntime over the graph that medspec makes of the file.

    python perf/make_model.py FOLDER
    python perf/step.py FOLDER [--rows 16] [--own 120] [--shared 640] [--steps 20]

A step is one token for each of `--rows` rows, each behind `--own` positions of its own and all behind `--shared` common
ones. The first table holds them once, the second in every row. Milliseconds of the processor, one thread: those of a step, and
divided among its nodes as the profile divides those of the clock.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bare import Loop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--own", type=int, default=120)
    parser.add_argument("--shared", type=int, default=640)
    parser.add_argument("--steps", type=int, default=20)
    asked = parser.parse_args()
    for shared in (asked.shared, 0):
        past = asked.own + asked.shared - shared
        loop = Loop(asked.folder.resolve())
        cache = loop.cache(asked.rows, past + asked.steps + 1)
        loop.run(cache, asked.rows, past, 1, shared)
        started = time.process_time()
        for at in range(asked.steps):
            loop.run(cache, asked.rows, past + at, 1, shared)
        whole = 1e3 * (time.process_time() - started) / asked.steps
        with tempfile.TemporaryDirectory() as folder:
            profiled = Loop(asked.folder.resolve(), profile=f"{folder}/step")
            for at in range(asked.steps):
                profiled.run(cache, asked.rows, past + at, 1, shared)
            events = json.loads(Path(profiled.session.end_profiling()).read_text())
        show(f"{asked.rows} rows, {past} own positions, {shared} shared", whole, parts(events, whole))


def parts(events: list[dict[str, Any]], whole: float) -> dict[str, float]:
    """The milliseconds of a step by part. The choices are left out, since what runs inside them is there too."""
    found: dict[str, float] = defaultdict(float)
    widest = max(size_of(event) for event in events)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            kind = event["args"]["op_name"]
            if kind != "If":
                found[part_of(event["name"], kind, last=size_of(event) == widest)] += event["dur"]
    total = sum(found.values())
    found = {name: spent * whole / total for name, spent in found.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1]))


def size_of(event: dict[str, Any]) -> int:
    """The last dimension of what a product gives; 0 for other nodes."""
    if event.get("args", {}).get("op_name") != "MatMul" or not event["args"].get("output_type_shape"):
        return 0
    [(_, shape)] = event["args"]["output_type_shape"][0].items()
    return int(shape[-1])


def part_of(name: str, kind: str, *, last: bool) -> str:
    if kind == "GroupQueryAttention":
        return "attention to what is a row's own"
    if "_medspec_" in name:
        return "products with the shared beginning" if kind == "MatMul" else "putting the two together"
    if kind == "MatMul":
        return "product with the table of tokens" if last else "products with the layers' weights"
    return "norms and other nodes"


def show(title: str, whole: float, found: dict[str, float]) -> None:
    print(f"{title}: {whole:.1f} ms")
    for name, spent in found.items():
        print(f"  {name:40} {spent:6.1f}")


if __name__ == "__main__":
    main()
