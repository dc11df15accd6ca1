"""A suite run with `genai:` has the rows, prompts and scores of the same run with `onnx:` on the same graph."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_genai import write_genai
from tiny_models import CHAT_TEMPLATE, write_llama

pytest.importorskip("onnxruntime_genai", reason="needs the extra `genai`: onnxruntime-genai-cuda is not installed")

EXAM = '''edition 2026
import std.metrics { accuracy, exact_match }

record ExamRow { id : text   question : text   options : text[2..4]   gold : choice of options from letter }

dataset exam : ExamRow { source = jsonl("exam.jsonl")   splits = [test] }

prompt ask(question: text, options: text[2..4]) {
  system "Answer with one letter."
  user """
    {{ question }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    """
}

task likeliest {
  data    = exam.test
  prompt  = ask
  answer  choice of options via likelihood
  metrics { primary accuracy }
}

task written {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  decode  { max_tokens = 6 }
  metrics { primary accuracy }
}

task drawn = written { override decode { max_tokens = 12   temperature = 0.8   stop = ["e"] } }
'''


@pytest.mark.parametrize("held", [(), ("--constrain",)])
def test_a_suite_is_the_same_with_either_runtime(tmp_path: Path, command: Any, held: tuple[str, ...]) -> None:
    import polars as pl

    how: dict[str, Any] = {"style": "qwen3", "family": "gqa", "context": 512, "chat_template": CHAT_TEMPLATE, "seed": 3}
    folders = {"onnx": write_llama(tmp_path / "a", **how).folder, "genai": write_genai(tmp_path / "b", **how).folder}
    (tmp_path / "exam.medspec").write_text(EXAM, encoding="utf-8")
    lines = [
        {"id": str(number), "question": f"Question {number}?", "options": ["fever", "cough"], "gold": letter}
        for number, letter in enumerate("ABBAAB")
    ]
    (tmp_path / "exam.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    found = {}
    for scheme, folder in folders.items():
        out = tmp_path / scheme
        where = ("--model", f"{scheme}:{folder}", "--device", "cpu", "--out", out, *held)
        done = command("run", tmp_path / "exam.medspec", *where)
        assert done.code == 0, done.err
        report = json.loads((out / "report.json").read_text("utf-8"))
        assert report["model"]["scheme"] == scheme
        rows = pl.read_parquet(out / "rows.parquet").sort("task", "row_id").to_dicts()
        found[scheme] = (report["tasks"], rows)
    (tasks, rows), (others, other_rows) = found["genai"], found["onnx"]
    assert len(rows) == 18 and {row["failure"] for row in rows} == {None}
    for row, other in zip(rows, other_rows, strict=True):
        for name in (
            "task",
            "row_id",
            "prompt_sha256",
            "reply",
            "answer",
            "unread",
            "finish",
            "tokens_in",
            "tokens_out",
        ):
            assert row[name] == other[name], name
        assert row["option_scores"] == (
            None if other["option_scores"] is None else pytest.approx(other["option_scores"], abs=1e-4)
        )
    values = {name: task["metrics"]["accuracy"]["value"] for name, task in tasks.items()}
    assert values == {name: task["metrics"]["accuracy"]["value"] for name, task in others.items()}


def test_an_estimate_counts_as_the_tokenizer_of_the_folder_does(tmp_path: Path) -> None:
    from medspec.run.token_counts import counter_of

    counter = counter_of(f"genai:{write_genai(tmp_path).folder}")
    assert (counter.each, counter.context) == (1, 128)
    # Keys and values of 2 layers, 2 heads of 16 numbers, of four bytes each.
    assert counter.kv_bytes == 2 * 2 * 2 * 16 * 4
