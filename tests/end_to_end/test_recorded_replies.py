"""GPT-3.5's replies to MedQA, as they were shipped with it, scored through the command line."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from shared_data import DATA, lines_of, needs

pytestmark = needs("medqa_usmle_4opt")

REPLIES = DATA / "medqa_usmle_4opt" / "predictions_gpt-35-turbo-16k_cot.jsonl"
MODEL = f"replay:{REPLIES}?id=id&reply=outputs.0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, command: Any) -> Path:
    out = tmp_path_factory.mktemp("run")
    done = command("run", "medqa_written", "--model", MODEL, "--data", DATA, "--out", out)
    assert (done.code, done.err) == (0, "")
    assert "no reply recorded 6" in done.out
    return out


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, Any]]:
    import polars as pl

    return list(pl.read_parquet(folder / "rows.parquet").iter_rows(named=True))


def test_rows_without_a_reply_and_unread_ones_are_counted_apart(folder: Path, rows: list[dict[str, Any]]) -> None:
    task = json.loads((folder / "report.json").read_text("utf-8"))["tasks"]["medqa_written"]
    recorded = lines_of(REPLIES)
    without = [line["id"] for line in recorded if not line["outputs"]]
    assert len(recorded) == task["rows"] == len(rows) == 1273
    assert [row["row_id"] for row in rows if row["failure"] == "no_reply"] == without and len(without) == 6
    assert (task["failed"], task["failures"]) == (6, {"no_reply": 6})
    assert {row["unread"] for row in rows if row["failure"]} == {"failed"}

    # See tests/readers/test_letter_recorded.py for what these replies say.
    assert task["unread_reasons"] == {"ambiguous": 6, "no_letter": 20}
    assert task["unread"] == 26 / 1273
    assert Counter(row["unread"] for row in rows) == {None: 1241, "failed": 6, "ambiguous": 6, "no_letter": 20}
    assert (task["refused"], task["truncated"]) == (0, 0)


def test_strict_json_letters_are_scored_as_json_reads_them(rows: list[dict[str, Any]]) -> None:
    questions = lines_of(DATA / "medqa_usmle_4opt" / "phrases_no_exclude_test.jsonl")
    right = strict = 0
    for question, recorded, row in zip(questions, lines_of(REPLIES), rows, strict=True):
        assert (row["row_id"], json.loads(row["gold"])) == (recorded["id"], "ABCD".index(question["answer_idx"]))
        assert row["reply"] == (recorded["outputs"][0] if recorded["outputs"] else "")
        letter = strict_letter(row["reply"])
        if letter is not None:
            strict += 1
            right += letter == question["answer_idx"]
            assert json.loads(row["answer"]) == "ABCD".index(letter)
            assert row["metric.accuracy"] == float(letter == question["answer_idx"])
    assert (strict, right) == (987, 640)


def test_the_accuracy_is_over_all_rows(folder: Path, rows: list[dict[str, Any]]) -> None:
    task = json.loads((folder / "report.json").read_text("utf-8"))["tasks"]["medqa_written"]
    found = task["metrics"]["accuracy"]
    right = sum(row["answer"] is not None and row["answer"] == row["gold"] for row in rows)
    assert (right, found["rows"]) == (819, 1273)
    assert found["value"] == 819 / 1273 == pytest.approx(sum(row["metric.accuracy"] for row in rows) / 1273)


def test_likelihoods_cannot_be_replayed(command: Any, tmp_path: Path) -> None:
    done = command("run", "medqa", "--model", MODEL, "--data", DATA, "--out", tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error[E0701]: ")
    assert "specs/text/mcq.medspec" in done.err
    assert not (tmp_path / "out").exists()


def strict_letter(reply: str) -> str | None:
    """The letter of a reply that is JSON, with an `answer_choice` that is just one."""
    try:
        letter = json.loads(reply)["answer_choice"]
    except (ValueError, KeyError, TypeError):
        return None
    return letter if letter in ("A", "B", "C", "D") else None
