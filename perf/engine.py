"""The engine beside lm-evaluation-harness 0.4.13: same weights, same prompts, same answers; how long each takes.

    python perf/make_model.py FOLDER [--items 100]
    python perf/engine.py FOLDER [--rounds 3] [--harness VENV] [--only letters] [--peer onnxruntime]

Every command is a process of its own, with one thread, and the two take turns. A line of the table is one kind of work:
medians of wall time, of processor time (what counts on a machine with other work) and of the largest memory, the ratios
of both, and whether the answers were the same. `many` is 20,000 five-shot questions to models that compute nothing.
`--peer onnxruntime` is the harness's own backend on the same ONNX file, which scores options and writes nothing; it sends
prompts without a beginning token, so that its answers are others. Both keep to one processor then, since it takes as many
threads as there are. The harness is installed into VENV (made when it is not there; about 1.5 GB) with the torch that
constraints.txt names.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measuring import ROOT, Taken, median, process, write_bytecode

PEER = "lm_eval[hf]==0.4.13"
MODEL_WORK, ALL_WORK = ("letters", "texts", "write"), ("letters", "texts", "write", "many")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--harness", type=Path, default=Path(tempfile.gettempdir()) / "medspec-lm-eval")
    parser.add_argument("--only", choices=ALL_WORK, action="append")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--peer-batch", type=int, default=4)
    parser.add_argument("--peer", choices=("hf", "onnxruntime"), default="hf")
    parser.add_argument("--graph", default="model", help="the folder of the graph: model or model_generic")
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    install(asked.harness, asked.peer)
    one = asked.peer == "onnxruntime"
    all_work = ("letters", "texts") if one else ALL_WORK
    write_bytecode()
    print(
        f"{'work':8} {'rounds':>6} {'peer wall':>10} {'cpu':>8} {'MB':>6} {'wall':>8} {'cpu':>8} {'MB':>6}  ratio wall / cpu"
    )
    for work in asked.only or all_work:
        ours, peers, same = [], [], []
        for _ in range(asked.rounds):
            mine, theirs = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
            peers.append(timed(peer_command(asked, folder, work, theirs), folder, one))
            ours.append(timed(own_command(asked, folder, work, mine), folder, one))
            same.append(compare(work, mine, theirs))
            shutil.rmtree(mine)
            shutil.rmtree(theirs)
        show(work, ours, peers, same)


def install(venv: Path, peer: str) -> None:
    """The harness in its own environment, unless it is there."""
    if not (venv / "bin" / "lm_eval").exists():
        install_harness(venv)
    if peer == "onnxruntime" and not list(venv.glob("lib/*/site-packages/onnxruntime")):
        lines = (ROOT / "constraints.txt").read_text().splitlines()
        version = next((line.split("==")[1] for line in lines if line.startswith("onnxruntime-gpu==")), "1.31.1")
        subprocess.run(
            [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", f"onnxruntime=={version}"], check=True
        )


def install_harness(venv: Path) -> None:
    """The harness and the torch that constraints.txt names, in a new environment."""
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")]
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", PEER, *(pinned or ["torch==2.13.0"])]
    subprocess.run(command, check=True)


def peer_command(asked: argparse.Namespace, folder: Path, work: str, out: Path) -> list[str]:
    """The harness on the same task. Where nothing is computed its model is `dummy`."""
    model = ["--model", "dummy"]
    if asked.peer == "onnxruntime":
        place = onnxruntime_folder(folder)
        model = ["--model", "onnxruntime", "--model_args", f"pretrained={place},execution_provider=cpu"]
    elif work in MODEL_WORK:
        model = ["--model", "hf", "--model_args", f"pretrained={folder / 'model'},dtype=float32", "--device", "cpu"]
    program = [str(asked.harness / "bin" / "lm_eval"), "run", *model, "--tasks", f"perf_{work}"]
    rest = ["--include_path", str(folder / "harness"), "--output_path", str(out), "--log_samples"]
    return [*program, *rest, "--batch_size", str(asked.peer_batch)]


def onnxruntime_folder(folder: Path) -> Path:
    """The model's files as the harness's backend wants them: in one folder, with a manifest of the runtime's builder."""
    place = folder / "model_onnxruntime"
    place.mkdir(exist_ok=True)
    source = folder / "model"
    for path in (source / "onnx" / "model.onnx", *source.glob("*.json")):
        if not (place / path.name).exists():
            (place / path.name).symlink_to(path)
    config = json.loads((source / "config.json").read_text())
    known = {name: config[name] for name in ("bos_token_id", "eos_token_id")}
    decoder = {"filename": "model.onnx"}
    manifest = {"model": {**known, "context_length": config["max_position_embeddings"], "decoder": decoder}}
    (place / "genai_config.json").write_text(json.dumps(manifest))
    return place


def own_command(asked: argparse.Namespace, folder: Path, work: str, out: Path) -> list[str]:
    model = f"onnx:{folder / asked.graph}" if work in MODEL_WORK else "hash"
    program = [sys.executable, "-m", "medspec", "run", work, "--model", model, "--batch", str(asked.batch)]
    return [*program, "--device", "cpu", "--out", str(out / "run"), "--format", "json", "-q"]


def timed(command: list[str], folder: Path, one: bool) -> Taken:
    """One process, without the network and with one thread, with `one` on one processor."""
    if one:
        command = ["taskset", "-c", str(min(os.sched_getaffinity(0))), *command]
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(folder / "hf")}
    return process(command, folder, OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", **offline)


def compare(work: str, mine: Path, theirs: Path) -> str:
    """Of how many rows the answers are the same, and the largest difference of two log-likelihoods."""
    if work not in MODEL_WORK:
        return "not compared"
    import polars as pl

    own = {row["row_id"]: row for row in pl.read_parquet(mine / "run" / "rows.parquet").to_dicts()}
    [path] = theirs.rglob("samples_*.jsonl")
    equal, largest, count = 0, 0.0, 0
    for line in path.read_text(encoding="utf-8").splitlines():
        sample: dict[str, Any] = json.loads(line)
        row = own[sample["doc"]["id"]]
        count += 1
        if work == "write":
            equal += sample["resps"][0][0] == row["reply"]
            continue
        scores = [float(answer[0][0]) for answer in sample["resps"]]
        equal += scores.index(max(scores)) == int(row["answer"])
        largest = max(largest, *(abs(a - b) for a, b in zip(scores, row["option_scores"], strict=True)))
    return f"{equal} of {count} the same" + (f", scores within {largest:.1e}" if work != "write" else "")


def show(work: str, ours: list[Taken], peers: list[Taken], same: list[str]) -> None:
    own, peer = median(ours), median(peers)
    print(
        f"{work:8} {len(ours):6} {peer.seconds:10.1f} {peer.cpu:8.1f} {peer.memory:6.0f}"
        f" {own.seconds:8.1f} {own.cpu:8.1f} {own.memory:6.0f}"
        f"  {peer.seconds / own.seconds:.1f} / {peer.cpu / own.cpu:.1f}   {'; '.join(sorted(set(same)))}",
        flush=True,
    )


if __name__ == "__main__":
    main()
