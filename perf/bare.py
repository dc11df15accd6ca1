"""A run of medspec beside a bare loop of the same necessary tokens, and how much of a run is not the model.

    python perf/make_model.py FOLDER [--items 100]
    python perf/bare.py FOLDER [--rounds 3] [--only letters]

The bare loop is onnxruntime and nothing else: it knows the length of every piece before it starts, and runs the tokens that
all rows begin with, then what is left of each row (for option texts with all options behind it, for replies one token for 32
rows 31 times, which hold the common beginning once), in the graph that medspec makes of the file. The two take turns, each a
process of its own with one thread.
`model` is the part of medspec's time, from the loaded model to the written report, in which a session runs.
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
from typing import Any

ROOT = Path(__file__).parents[1]
WORK = ("letters", "texts", "write")
ROWS, REPLY = 32, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=WORK, action="append")
    parser.add_argument("--as", dest="part", choices=("bare", "medspec"), help="used by the script itself")
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    if asked.part is not None:
        print(json.dumps((bare if asked.part == "bare" else watched)(folder, asked.only[0])))
        return
    print(
        f"{'work':8} {'rounds':>6}   processor s: {'bare':>6} {'medspec':>8} {'ratio':>6}   outside the model, wall and cpu"
    )
    for work in asked.only or WORK:
        bares, ours = [], []
        for _ in range(asked.rounds):
            bares.append(process(folder, work, "bare"))
            ours.append(process(folder, work, "medspec"))
        whole = statistics.median(run["cpu"] for run in ours) / statistics.median(run["cpu"] for run in bares)
        print(
            f"{work:8} {asked.rounds:6} {statistics.median(run['cpu'] for run in bares):19.1f}"
            f" {statistics.median(run['cpu'] for run in ours):8.1f} {whole:6.2f}"
            f"   {statistics.median(run['outside'] for run in ours):.1%} and"
            f" {statistics.median(run['outside_cpu'] for run in ours):.1%}",
            flush=True,
        )


def process(folder: Path, work: str, part: str) -> dict[str, float]:
    """What one process says of itself, with the processor seconds of all of it."""
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, str(folder), "--only", work, "--as", part]
    before = os.times()
    done = subprocess.run(command, cwd=folder, env=surroundings, check=True, stdout=subprocess.PIPE, text=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "cpu": used}


def watched(folder: Path, work: str) -> dict[str, float]:
    """medspec in this process, with the time of its sessions, from the moment the model is loaded."""
    import onnxruntime

    from medspec.backends.onnx import backend
    from medspec.cli import app

    spent = {"wall": 0.0, "cpu": 0.0}
    started: dict[str, float] = {}
    run, opened = onnxruntime.InferenceSession.run_with_iobinding, backend.open_model

    def timed_run(*given: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = run(*given, **named)
        spent["wall"] += time.perf_counter() - wall
        spent["cpu"] += time.process_time() - cpu
        return result

    def timed_open(*given: Any, **named: Any) -> Any:
        model = opened(*given, **named)
        spent.update(wall=0.0, cpu=0.0)
        started.update(wall=time.perf_counter(), cpu=time.process_time())
        return model

    onnxruntime.InferenceSession.run_with_iobinding = timed_run
    backend.open_model = timed_open
    with tempfile.TemporaryDirectory() as out:
        options = ["--batch", str(ROWS), "--device", "cpu", "--out", f"{out}/run", "-q"]
        sys.argv = ["medspec", "run", work, "--model", f"onnx:{folder / 'model'}", *options]
        try:
            app.main()
        except SystemExit as err:
            if err.code:
                raise
    wall, cpu = time.perf_counter() - started["wall"], time.process_time() - started["cpu"]
    return {"outside": 1 - spent["wall"] / wall, "outside_cpu": 1 - spent["cpu"] / cpu}


def bare(folder: Path, work: str) -> dict[str, float]:
    """The necessary tokens and nothing else."""
    loop = Loop(folder)
    common, rests = lengths(folder, work)
    longest = common + max(sum(rest) for rest in rests) + REPLY
    cache = loop.cache(1, longest)
    loop.run(cache, 1, 0, common)
    for at in range(0, len(rests), ROWS):
        group = rests[at : at + ROWS]
        for rest in group:
            loop.run(cache, 1, common, sum(rest))
        if work == "write":
            mean = round(statistics.mean(sum(rest) for rest in group))
            many = loop.cache(len(group), longest - common)
            for step in range(1, REPLY):
                loop.run(many, len(group), mean + step - 1, 1, common)
    return {}


def lengths(folder: Path, work: str) -> tuple[int, list[list[int]]]:
    """How many tokens all prompts begin with; for each row how many are left, and how many each of its options has."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "model" / "tokenizer.json"))

    def asked(row: dict[str, Any]) -> str:
        options = "".join(f"{letter}. {text}\n" for letter, text in zip("ABCD", row["options"], strict=True))
        return f"Question: {row['question']}\n{options}Answer:"

    def rows(split: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (folder / "data" / f"{split}.jsonl").read_text().splitlines()]

    answer = "words" if work == "write" else "gold"
    shots = "".join(
        f"{asked(row)} {row['options']['ABCD'.index(row['gold'])] if work == 'texts' else row[answer]}\n\n"
        for row in rows("dev")[:3]
    )
    prompts = [tokenizer.encode(shots + asked(row)).ids for row in rows("test")]
    common = next(at for at, tokens in enumerate(zip(*prompts, strict=False)) if len(set(tokens)) > 1)
    found = []
    for row, prompt in zip(rows("test"), prompts, strict=True):
        options = row["options"] if work == "texts" else ()
        # The last token of an option is not run: nothing is asked behind it.
        found.append([len(prompt) - common, *(len(tokenizer.encode(f"Answer: {text}").ids) - 4 for text in options)])
    return common, found


class Loop:
    """The graph that medspec makes of the file, in onnxruntime, with caches written in place."""

    def __init__(self, folder: Path, profile: str | None = None) -> None:
        import onnxruntime

        from medspec.backends.onnx.graph_edit import changed
        from medspec.backends.onnx.picked_logits import pick_logits
        from medspec.backends.onnx.sharing import share_beginnings

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if profile is not None:
            options.enable_profiling, options.profile_file_prefix = True, profile
        graph = changed(folder / "model" / "onnx" / "model.onnx", pick_logits, share_beginnings)
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(graph.folder))
        self.session = onnxruntime.InferenceSession(graph.content, options, providers=["CPUExecutionProvider"])
        self.beginnings: dict[int, dict[str, Any]] = {}
        self.slots = [value for value in self.session.get_inputs() if value.name.startswith("past")]

    def cache(self, rows: int, length: int) -> list[Any]:
        import numpy as np
        import onnxruntime

        shapes = [(rows, slot.shape[1], length, slot.shape[3]) for slot in self.slots]
        return [onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, dtype=np.float32)) for shape in shapes]

    def beginning(self, length: int) -> dict[str, Any]:
        import numpy as np
        import onnxruntime

        found = {}
        for slot in self.slots:
            heads, size = slot.shape[1], slot.shape[3]
            shape = (heads, size, length) if slot.name.endswith("key") else (heads, length, size)
            value = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, dtype=np.float32))
            found[f"medspec_beginning.{slot.name}"] = value
        return found

    def run(self, cache: list[Any], rows: int, past: int, new: int, shared: int = 0) -> None:
        import numpy as np

        if shared not in self.beginnings:
            self.beginnings[shared] = self.beginning(shared)

        binding = self.session.io_binding()
        feeds = {
            "input_ids": np.full((rows, new), 7),
            "attention_mask": np.ones((rows, past + new), dtype=np.int64),
            "medspec_logit_places": np.stack([np.arange(rows), np.full(rows, new - 1)], axis=1)[None],
            "medspec_positions": np.tile(np.arange(past, past + new), (rows, 1)) + shared,
            "medspec_shares": np.array(shared > 0),
            "medspec_seen": np.zeros((1, 1, new, past + new), dtype=np.float32),
        }
        for name, value in feeds.items():
            binding.bind_cpu_input(name, value)
        for name, value in self.beginnings[shared].items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_output("logits", "cpu")
        for slot, value in zip(self.slots, cache, strict=True):
            binding.bind_ortvalue_input(slot.name, value)
            binding.bind_ortvalue_output(slot.name.replace("past_key_values", "present"), value)
        self.session.run_with_iobinding(binding)


if __name__ == "__main__":
    main()
