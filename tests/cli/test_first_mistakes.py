"""What is said to somebody on the first day: each message names what to type."""

from __future__ import annotations

import json
from pathlib import Path


def test_a_folder_without_specs(project, medspec, monkeypatch):
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    Path("medspec.toml").write_text('specs = "specs"\n', encoding="utf-8")
    assert medspec("run").err.endswith("; `medspec init` starts a project\n")


def test_a_model_without_its_backend(project, medspec):
    done = medspec("run", "--model", "models/qwen")
    assert done.code == 2 and "a folder on this machine is `onnx:models/qwen` (models are never downloaded)" in done.err
    done = medspec("run", "--model", "onxx:models/qwen")
    assert done.err.endswith("there is no backend `onxx`; did you mean `onnx:`?\n")
    done = medspec("run", "--model", "onnx:models/none")
    assert done.code == 3 and "with config.json, tokenizer.json and onnx/model.onnx in it" in done.err


def test_a_code_that_does_not_exist(project, medspec):
    said = "error: there is no code E9999; it stands in brackets at the head of a message, such as E0304\n"
    assert medspec("explain", "E9999").err == said


def test_options_in_one_text_and_rows_without_ids(project, medspec):
    file = Path("specs/exam.jsonl")
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]

    def said(changed: list[dict]) -> str:
        file.write_text("".join(json.dumps(row) + "\n" for row in changed), "utf-8")
        done = medspec("run")
        assert done.code == 3
        return done.err

    joined = said([{**row, "options": "; ".join(row["options"])} for row in rows])
    assert 'expected a list, not a text; entries with a column each are listed: `["A", "B"]` in `columns`' in joined
    bare = said([{key: value for key, value in row.items() if key != "id"} for row in rows])
    assert "there is no column `id`; `columns { id = row_number() }` numbers the rows" in bare
