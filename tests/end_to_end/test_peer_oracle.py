"""Prompts, options, chosen options and accuracy equal those of lm-evaluation-harness, for every single item.

Both sides ask the same stand-in model. What the other side sent is recorded by its sha256, so the bytes are compared,
not the looks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shared_data import DATA, ROOT, lines_of, needs
from watched_models import Watched

from medspec.backends import open_model
from medspec.backends.base import Options

pytestmark = needs("peer_oracle", "pubmedqa", "medqa_usmle_4opt", "mmlu_clinical")

ORACLE = {
    "pubmedqa": "lm_eval_pubmedqa_0shot.jsonl",
    "medqa": "lm_eval_medqa_4options_0shot.jsonl",
    "mmlu_anatomy": "lm_eval_mmlu_anatomy_0shot.jsonl",
}
ROWS = {"pubmedqa": 500, "medqa": 1273, "mmlu_anatomy": 135}
ACCURACY = {"pubmedqa": 0.330, "medqa": 0.25923016496465046, "mmlu_anatomy": 0.3037037037037037}

Items = dict[str, dict[str, Any]]


def items_of(task: str) -> Items:
    return {item["id"]: item for item in lines_of(DATA / "peer_oracle" / ORACLE[task])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Path:
    """The folder of a run of the three tasks by the command line."""
    out = tmp_path_factory.mktemp("run")
    done = command("run", *ORACLE, "--model", "hash", "--data", DATA, "--out", out, own_process=True)
    assert (done.code, done.err) == (0, "")
    assert all(f"{ACCURACY[task]:.3f}" in done.out for task in ORACLE)
    return out


@pytest.fixture(scope="module")
def rows(folder: Path) -> dict[str, Items]:
    """The lines of `rows.parquet` by task and row id."""
    import polars as pl

    found: dict[str, Items] = {task: {} for task in ORACLE}
    for row in pl.read_parquet(folder / "rows.parquet").iter_rows(named=True):
        found[row["task"]][row["row_id"]] = row
    return found


@pytest.mark.parametrize("task", ORACLE)
def test_every_prompt_is_the_same_to_the_byte(task: str, rows: dict[str, Items]) -> None:
    theirs = items_of(task)
    assert len(theirs) == ROWS[task]
    assert {id: row["prompt_sha256"] for id, row in rows[task].items()} == {
        id: item["prompt_sha256"] for id, item in theirs.items()
    }


def test_every_option_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """Options are not in the files of a run, so the model that is asked keeps them."""
    from medspec.api import compile_specs
    from medspec.run.execute import execute
    from medspec.run.roots import DataRoots

    model = Watched(open_model("hash", Options()))
    plan = compile_specs([ROOT / "specs"], *ORACLE)
    execute(plan, model, model="hash", out=tmp_path, roots=DataRoots(given=(DATA,)))
    asked = {(request.task, request.row): list(request.options or ()) for request in model.requests}
    assert asked == {(task, id): item["continuations"] for task in ORACLE for id, item in items_of(task).items()}


@pytest.mark.parametrize("task", ORACLE)
def test_every_item_is_scored_alike(task: str, rows: dict[str, Items]) -> None:
    theirs = items_of(task)
    for id, row in rows[task].items():
        chosen = max(range(len(row["option_scores"])), key=row["option_scores"].__getitem__)
        assert (chosen, row["metric.accuracy"]) == (theirs[id]["pred"], theirs[id]["acc"]), id
        assert row["unread"] is None and row["failure"] is None and row["reply"] is None
        answer, gold = json.loads(row["answer"]), json.loads(row["gold"])
        assert (answer == gold) == bool(theirs[id]["acc"]), id
        assert gold == theirs[id]["target"], id


def test_the_figures_are_the_same(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert {name: task["rows"] for name, task in report["tasks"].items()} == ROWS
    assert {name: task["metrics"]["accuracy"]["value"] for name, task in report["tasks"].items()} == ACCURACY
    for task in report["tasks"].values():
        assert (task["unread"], task["failed"], task["refused"], task["truncated"]) == (0, 0, 0, 0)
        assert task["metrics"]["accuracy"]["low"] < task["metrics"]["accuracy"]["value"]
