"""Peers: what lm-evaluation-harness sends and scores, and what MIRAGE counts of recorded replies.

Figures of the harness are those of version 0.4.13 on the same data, with the stand-in model `hash`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from reproductions.base import Benchmark, Figure, answers, run

ORACLE = "peer_oracle"
TASKS = (
    ("pubmedqa", "lm_eval_pubmedqa_0shot.jsonl", "500", "0.330"),
    ("medqa", "lm_eval_medqa_4options_0shot.jsonl", "1273", "0.25923016496465046"),
    ("mmlu_anatomy", "lm_eval_mmlu_anatomy_0shot.jsonl", "135", "0.3037037037037037"),
)
REPLIES = "medqa_usmle_4opt/predictions_gpt-35-turbo-16k_cot.jsonl"


def _rows(data: Path, work: Path) -> Iterator[Figure]:
    for task, file, items, accuracy in TASKS:
        report = run(task, "--data", data, "--model", "hash", out=work / task)
        with (data / ORACLE / file).open(encoding="utf-8") as lines:
            theirs = {item["id"]: item for item in map(json.loads, lines)}
        same = sum(
            theirs[row["row_id"]]["prompt_sha256"] == row["prompt_sha256"]
            and theirs[row["row_id"]]["acc"] == row["metric.accuracy"]
            for row in answers(work / task)
        )
        yield Figure(
            of=f"lm-evaluation-harness, {task}: items with the same prompt and score", published=items, ours=same
        )
        ours = report["tasks"][task]["metrics"]["accuracy"]["value"]
        yield Figure(of=f"lm-evaluation-harness, {task}: accuracy of the stand-in", published=accuracy, ours=ours)
    model = f"replay:{data / REPLIES}?id=id&reply=outputs.0"
    run("medqa_written", "--data", data, "--model", model, out=work / "written")
    right = sum(row["metric.accuracy"] == 1 for row in answers(work / "written"))
    yield Figure(
        of="MIRAGE, MedQA, GPT-3.5: right of 1,273 recorded replies", published="826", ours=right,
        error="its parser guesses in seven replies that name no option or two",
    )  # fmt: skip


BENCHMARK = Benchmark(
    title="Peers",
    needs=(ORACLE, "pubmedqa", "medqa_usmle_4opt", "mmlu_clinical"),
    rows=_rows,
    notes=(
        "Of 240 replies in 24 styles, inspect_ai's parser of choices accepts 140; medspec reads the same letter in each of these, and\n"
        "more (`tests/readers/test_letter_recorded.py`). The seven replies of MIRAGE are named there."
    ),
)
