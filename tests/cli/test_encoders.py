"""A task scored by an encoder, through the command line: where the folder is found, what the report says, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from report_schema import check_report
from tiny_encoders import TinyEncoder, write_bert

from medspec.backends.onnx.encoder import encoder_digest

Done = Any
Medspec = Any
WORDS = "the patient has fever and cough chest pain no improved".split()
SPEC = """edition 2026
import std.metrics { bertscore }
record Row { id : text  note : text  gold : text }
dataset notes : Row { source = jsonl("notes.jsonl")  splits = [test]  license = "cc0-1.0" }
prompt ask(note: text) { user "{{ note }} Summarise." }
task summary @1 {
  data = notes.test   prompt = ask
  answer text via plain
  metrics {
    primary bertscore(model: "encoders/tiny", layer: "hidden_states.1")
    bertscore(model: "encoders/tiny", value: recall) as recall
  }
}
"""
ROWS = [
    ("1", "no fever", "no fever"),
    ("2", "the chest pain improved", "the cough improved"),
    ("3", "fever " * 40, "pain"),
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyEncoder:
    return write_bert(tmp_path_factory.mktemp("encoder"), WORDS)


@pytest.fixture
def project(tmp_path: Path, tiny: TinyEncoder, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "medspec.toml").write_text('specs = "specs"\ndata = ["data"]\n')
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "notes.medspec").write_text(SPEC)
    shutil.copytree(tiny.folder, tmp_path / "data" / "encoders" / "tiny")
    lines = [json.dumps({"id": id, "note": f"note {id}", "gold": gold}) for id, _, gold in ROWS]
    (tmp_path / "data" / "notes.jsonl").write_text("\n".join(lines) + "\n")
    replies = [json.dumps({"id": id, "reply": reply}) for id, reply, _ in ROWS]
    (tmp_path / "replies.jsonl").write_text("\n".join(replies) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(medspec: Medspec, *arguments: str) -> Done:
    return medspec("run", "summary", "--model", "replay:replies.jsonl", "--device", "cpu", *arguments)


def report_in(folder: str) -> dict:
    report = json.loads(Path(folder, "report.json").read_text())
    check_report(report)
    return report


def test_the_report_says_which_encoder_it_was_and_how_many_texts_were_cut(project: Path, medspec: Medspec) -> None:
    shown = run(medspec, "--out", "one").out
    report = report_in("one")
    told = report["encoders"]["encoders/tiny"]
    assert told["digest"] == encoder_digest(project / "data/encoders/tiny")
    assert (told["context"], told["texts"], told["cut"]) == (24, 5, 1)
    assert "the encoder encoders/tiny sees 24 tokens: 1 of 5 texts are longer" in " ".join(shown.split())
    metrics = report["tasks"]["summary"]["metrics"]
    assert metrics["bertscore"]["rows"] == 3 and -1 < metrics["bertscore"]["value"] < 1


def test_another_encoder_is_another_measure(project: Path, medspec: Medspec) -> None:
    run(medspec, "--out", "one")
    (project / "data/encoders/tiny/tokenizer_config.json").write_text('{"model_max_length": 12}')
    run(medspec, "--out", "other")
    one, other = (report_in(name)["tasks"]["summary"]["score_hash"] for name in ("one", "other"))
    assert one != other
    assert "score hash" in medspec("compare", "one", "other").err


def test_the_replies_are_scored_again_with_the_encoder(project: Path, medspec: Medspec) -> None:
    run(medspec, "--out", "one")
    medspec("score", "one", "--out", "again")
    one, again = report_in("one"), report_in("again")
    assert one["tasks"]["summary"]["metrics"] == again["tasks"]["summary"]["metrics"]
    assert one["tasks"]["summary"]["score_hash"] == again["tasks"]["summary"]["score_hash"]


def test_an_encoder_that_is_not_there_is_known_before_anything_is_asked(project: Path, medspec: Medspec) -> None:
    shutil.rmtree(project / "data/encoders")
    shown = run(medspec).err
    assert "the encoder `encoders/tiny` of summary.bertscore was not found below" in shown
    assert not list(project.glob("runs/*/rows.parquet"))


def test_a_layer_that_is_not_there_is_told_with_those_that_are(project: Path, medspec: Medspec) -> None:
    text = (project / "specs/notes.medspec").read_text().replace("hidden_states.1", "hidden_states.7")
    (project / "specs/notes.medspec").write_text(text)
    shown = run(medspec).err
    assert "has no output `hidden_states.7`; it has last_hidden_state, hidden_states.0," in shown


def test_the_lock_knows_the_encoder(project: Path, medspec: Medspec) -> None:
    medspec("lock")
    locked = json.loads((project / "medspec.lock").read_text())
    (task,) = locked["tasks"].values()
    assert task["data"]["encoder encoders/tiny"] == encoder_digest(project / "data/encoders/tiny")
    assert medspec("lock", "--check").code == 0
    (project / "data/encoders/tiny/tokenizer_config.json").write_text('{"model_max_length": 12}')
    assert "`encoder encoders/tiny` of `notes.summary`: sha256" in medspec("lock", "--check").err
    assert "the encoder `encoders/tiny` of `summary` is another than medspec.lock means" in run(medspec, "--locked").err


def test_an_encoder_is_mocked(project: Path, medspec: Medspec) -> None:
    shutil.rmtree(project / "data")
    assert "bertscore" in medspec("mock", "summary").out
