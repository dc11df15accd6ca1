"""Real ONNX models under the published suite: what fits is scored, what is too long is counted, nothing is cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared_data import DATA, ROOT, needs
from tiny_models import CHAT_TEMPLATE, write_llama
from watched_models import Watched

from medspec.backends import open_model
from medspec.backends.base import Options, sha256_of

STORIES = DATA / "stories260k_onnx"

EXAM = '''edition 2026
import std.metrics { accuracy }

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

task written(max_tokens: int) {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  decode  { max_tokens = max_tokens }
  metrics { primary accuracy }
}

task written_6 = written(max_tokens: 6)
task likeliest = written(max_tokens: 6) { override answer choice of options via likelihood }
'''


def read_run(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report and the rows of a run."""
    import polars as pl

    report = json.loads((folder / "report.json").read_text("utf-8"))
    return report, list(pl.read_parquet(folder / "rows.parquet").iter_rows(named=True))


@needs("stories260k_onnx", "pubmedqa", "medqa_usmle_4opt", "mmlu_clinical")
def test_the_published_suite_on_a_model_with_a_short_context(tmp_path: Path, command: Any) -> None:
    """What is too long is told from the prompts and the tokenizer alone, in another way than the run does it."""
    import tokenizers

    from medspec.api import compile_specs
    from medspec.run.execute import execute
    from medspec.run.roots import DataRoots

    done = command(
        "run", "clinical_qa", "--model", f"onnx:{STORIES}", "--limit", 3, "--data", DATA, "--out", tmp_path / "out"
    )
    assert done.code == 0, done.err
    report, rows = read_run(tmp_path / "out")

    model = Watched(open_model("hash", Options()))
    plan = compile_specs([ROOT / "specs"], "clinical_qa")
    execute(plan, model, model="hash", out=tmp_path / "hash", roots=DataRoots(given=(DATA,)), limit=3)
    tokenizer = tokenizers.Tokenizer.from_file(str(STORIES / "tokenizer.json"))
    expected = {}
    for request in model.requests:
        whole = [len(tokenizer.encode(request.plain_prompt + option).ids) for option in request.options or ()]
        expected[request.task, request.row] = (
            sha256_of(request.plain_prompt),
            len(tokenizer.encode(request.plain_prompt).ids),
            "too_long" if max(whole) > 512 else None,
        )
    found = {(row["task"], row["row_id"]): (row["prompt_sha256"], row["tokens_in"], row["failure"]) for row in rows}
    assert found == expected

    too_long = [row for row in rows if row["failure"]]
    assert 0 < len(too_long) < len(rows) == 24
    assert {row["unread"] for row in too_long} == {"failed"}
    assert all(row["option_scores"] is None and row["metric.accuracy"] == 0 for row in too_long)
    assert all(len(row["option_scores"]) in (3, 4) for row in rows if not row["failure"])
    for name, task in report["tasks"].items():
        count = sum(row["task"] == name for row in too_long)
        assert (task["rows"], task["failed"], task["unread"]) == (3, count, 0)
        assert task["failures"] == ({"too_long": count} if count else {})
        # They stay in the denominator.
        assert task["metrics"]["accuracy"]["rows"] == 3
    assert f"pubmedqa: calls without a reply: prompt longer than the context {3}" in done.out


@needs("pubmedqa", "medqa_usmle_4opt")
def test_the_same_prompts_on_a_model_with_room_for_them(tmp_path: Path, command: Any) -> None:
    tiny = write_llama(tmp_path / "model", style="qwen3", context=4096)
    done = command(
        "run",
        "pubmedqa",
        "medqa",
        "--model",
        f"onnx:{tiny.folder}",
        "--limit",
        3,
        "--data",
        DATA,
        "--out",
        tmp_path / "out",
    )
    assert done.code == 0, done.err
    report, rows = read_run(tmp_path / "out")
    assert [task["failed"] for task in report["tasks"].values()] == [0, 0]
    assert all(row["finish"] == "scored" and row["answer"] is not None and row["unread"] is None for row in rows)
    for row in rows:
        options = ["yes", "no", "maybe"] if row["task"] == "pubmedqa" else [0, 1, 2, 3]
        likeliest = max(range(len(options)), key=row["option_scores"].__getitem__)
        assert json.loads(row["answer"]) == options[likeliest]


def test_a_suite_of_ones_own_on_a_model_with_a_chat_template(tmp_path: Path, command: Any) -> None:
    tiny = write_llama(tmp_path / "model", style="llama", context=512, chat_template=CHAT_TEMPLATE)
    (tmp_path / "exam.medspec").write_text(EXAM, encoding="utf-8")
    lines = [
        {"id": str(number), "question": f"Question {number}?", "options": ["fever", "cough"], "gold": letter}
        for number, letter in enumerate("ABBA")
    ]
    (tmp_path / "exam.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out = tmp_path / "out"
    done = command("run", tmp_path / "exam.medspec", "--model", f"onnx:{tiny.folder}", "--out", out)
    assert done.code == 0, done.err
    report, rows = read_run(out)
    assert set(report["tasks"]) == {"written_6", "likeliest"}
    sent = "<s><|turn|>system\nAnswer with one letter.<|end|>\n<|turn|>user\nQuestion 0?\nA. fever\nB. cough<|end|>\n<|turn|>assistant\n"
    assert [row["prompt_sha256"] for row in rows if row["row_id"] == "0"] == [sha256_of(sent)] * 2
    written = [row for row in rows if row["task"] == "written_6"]
    assert all(row["tokens_out"] <= 6 and row["finish"] in ("stop", "length") for row in written)
    task = report["tasks"]["written_6"]
    assert task["truncated"] == sum(row["finish"] == "length" for row in written)
    assert task["unread"] == sum(row["unread"] not in (None, "refused") for row in written) / 4
    assert all(row["tokens_out"] is None and row["reply"] is None for row in rows if row["task"] == "likeliest")

    again = command(
        "run", tmp_path / "exam.medspec", "--model", f"onnx:{tiny.folder}", "--out", out, "--format", "json"
    )
    second = json.loads(again.out)
    assert second["calls"] == report["calls"]
    assert second["tasks"] == report["tasks"]
