"""`onnx:` beside `genai:` on the same graph: same prompts, same answers; how long each takes.

    python perf/make_model.py FOLDER [--items 100]
    python perf/runtimes.py FOLDER [--rounds 3] [--only letters] [--graph FOLDER/built] [--unlike]

The graph is that of `make_model.py`, or one that the library's own builder made of the same weights (it needs the package
onnx_ir besides): `python -m onnxruntime_genai.models.builder -m FOLDER/model -i FOLDER/model -o FOLDER/built -p fp32 -e cpu`.
Every run is a process of its own with one thread, the two take turns, and both keep to one processor. Processor time is
what counts on a machine with other work. With `--unlike` the prompts have no shots, so that nothing is common to them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring import Taken, median, process, write_bytecode

WORK = ("letters", "texts", "write")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=WORK, action="append")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--graph", type=Path, help="a folder that the builder wrote, in place of make_model.py's graph")
    parser.add_argument("--unlike", action="store_true", help="prompts without shots")
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    layouts = both_layouts(folder, asked.graph)
    project = unlike(folder) if asked.unlike else folder
    write_bytecode()
    print(
        f"{'work':8} {'onnx: wall':>10} {'cpu':>6} {'MB':>6} {'genai: wall':>12} {'cpu':>6} {'MB':>6}  onnx/genai wall, cpu"
    )
    for work in asked.only or WORK:
        taken: dict[str, list[Taken]] = {scheme: [] for scheme in layouts}
        same = set()
        for _ in range(asked.rounds):
            rows = {}
            for scheme, place in layouts.items():
                out = Path(tempfile.mkdtemp())
                taken[scheme].append(timed(command(work, f"{scheme}:{place}", out, asked.batch), project))
                rows[scheme] = rows_of(out)
                shutil.rmtree(out)
            same.add(compare(*rows.values()))
        show(work, median(taken["onnx"]), median(taken["genai"]), "; ".join(sorted(same)))


def both_layouts(folder: Path, built: Path | None) -> dict[str, Path]:
    """The same graph twice, as each of the two wants its files to lie."""
    source = folder / "model"
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    plain, genai = (Path(tempfile.mkdtemp()) / name for name in ("onnx", "genai"))
    files = sorted((source / "onnx" if built is None else built.resolve()).glob("model.onnx*"))
    tokenizer = [source / "tokenizer.json", source / "tokenizer_config.json"]
    for place, extra in ((plain, [source / "config.json", source / "generation_config.json"]), (genai, [])):
        place.mkdir()
        for path in (*files, *tokenizer, *extra):
            shutil.copy(path, place / path.name)
    manifest = (
        written_by_hand(config) if built is None else json.loads((built / "genai_config.json").read_text("utf-8"))
    )
    (genai / "genai_config.json").write_text(json.dumps(manifest), encoding="utf-8")
    return {"onnx": plain, "genai": genai}


def written_by_hand(config: dict[str, Any]) -> dict[str, Any]:
    """What the builder would say of the graph of make_model.py."""
    cache = {name: f"{start}.%d.{part}" for name, start, part in (
        ("past_key_names", "past_key_values", "key"), ("past_value_names", "past_key_values", "value"),
        ("present_key_names", "present", "key"), ("present_value_names", "present", "value"),
    )}  # fmt: skip
    decoder = {
        "filename": "model.onnx",
        "session_options": {"provider_options": []},
        "head_size": config["head_dim"],
        **{
            name: config[name]
            for name in ("hidden_size", "num_attention_heads", "num_hidden_layers", "num_key_value_heads")
        },
        "inputs": {
            "input_ids": "input_ids",
            "attention_mask": "attention_mask",
            **{name: value for name, value in cache.items() if name.startswith("past")},
        },
        "outputs": {"logits": "logits", **{name: value for name, value in cache.items() if name.startswith("present")}},
    }
    known = {name: config[name] for name in ("bos_token_id", "eos_token_id", "vocab_size")}
    model = {**known, "pad_token_id": 0, "type": "llama", "context_length": config["max_position_embeddings"]}
    return {"model": {**model, "decoder": decoder}, "search": {"past_present_share_buffer": True}}


def unlike(folder: Path) -> Path:
    """A project elsewhere with the same tasks, without shots."""
    place = Path(tempfile.mkdtemp())
    lines = (folder / "tasks.medspec").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.strip().startswith("shots ")) + "\n"
    (place / "tasks.medspec").write_text(text, encoding="utf-8")
    (place / "medspec.toml").write_text(f'specs = "."\ndata = ["{folder}"]\n', encoding="utf-8")
    return place


def command(work: str, model: str, out: Path, batch: int) -> list[str]:
    program = [sys.executable, "-m", "medspec", "run", work, "--model", model, "--batch", str(batch)]
    return [*program, "--device", "cpu", "--out", str(out / "run"), "-q"]


def timed(arguments: Sequence[str], folder: Path) -> Taken:
    """One process with one thread, on one processor."""
    one = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    return process([*one, *arguments], folder, OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")


def rows_of(out: Path) -> list[dict[str, Any]]:
    import polars as pl

    return pl.read_parquet(out / "run" / "rows.parquet").sort("row_id").to_dicts()


def compare(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """Of how many rows the answers are the same, and the largest difference of two log-likelihoods."""
    equal, largest = 0, 0.0
    for one, other in zip(ours, theirs, strict=True):
        equal += (one["answer"], one["reply"], one["failure"]) == (other["answer"], other["reply"], None)
        scores = zip(one["option_scores"] or (), other["option_scores"] or (), strict=True)
        largest = max([largest, *(abs(a - b) for a, b in scores)])
    return f"{equal} of {len(ours)} the same" + (f", scores within {largest:.1e}" if largest else "")


def show(work: str, onnx: Taken, genai: Taken, same: str) -> None:
    print(
        f"{work:8} {onnx.seconds:10.1f} {onnx.cpu:6.1f} {onnx.memory:6.0f} {genai.seconds:12.1f} {genai.cpu:6.1f}"
        f" {genai.memory:6.0f}  {onnx.seconds / genai.seconds:.2f}, {onnx.cpu / genai.cpu:.2f}   {same}",
        flush=True,
    )


if __name__ == "__main__":
    main()
