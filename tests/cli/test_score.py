"""medspec score: other numbers from the same replies, and what is refused; medspec gc: what goes, and what never does."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from medspec.backends.hash import HashBackend
from medspec.run.fetched import keep, place_of
from medspec.run.journal import Journal


def report_of(folder: str | Path) -> dict:
    return json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))


def edit(file: str, old: str, new: str) -> None:
    text = Path(file).read_text("utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def ran(project, medspec, monkeypatch):
    """A run in runs/one; from then on the model answers nothing."""
    assert medspec("run", "--out", "runs/one", "--model", "mock").code == 0
    monkeypatch.setattr(HashBackend, "answer", None)
    monkeypatch.setattr("medspec.backends.mock.MockBackend.answer", None)
    return project


def test_other_metrics_from_the_same_replies(ran, medspec):
    edit("specs/exam.medspec", "import std.metrics { accuracy }", "import std.metrics { accuracy, macro_f1 }")
    edit("specs/exam.medspec", "primary accuracy }", "primary accuracy   macro_f1 }")
    before = {path.name: path.read_bytes() for path in Path("runs/one").iterdir()}
    done = medspec("score", "one", "--out", "runs/two")
    assert done.code == 0 and "macro_f1" in done.out and "Reused 5 replies of one" in done.out
    old, new = (report_of(f"runs/{name}")["tasks"]["exam_letters"] for name in ("one", "two"))
    assert new["metrics"]["accuracy"] == old["metrics"]["accuracy"] and "macro_f1" in new["metrics"]
    assert new["call_hash"] == old["call_hash"] and new["score_hash"] != old["score_hash"]
    assert report_of("runs/two")["calls"] == {"asked": 0, "reused": 5, "sources": {"one": 5}}
    assert report_of("runs/two")["model"] == report_of("runs/one")["model"]
    assert {path.name: path.read_bytes() for path in Path("runs/one").iterdir()} == before
    # What was scored again can be scored once more, without the first.
    assert medspec("score", "two", "--out", "runs/three").code == 0
    assert report_of("runs/three")["tasks"] == report_of("runs/two")["tasks"]


def test_other_gold_from_the_same_replies(ran, medspec):
    """The expected value is counted by hand from the answers in rows.parquet."""
    import polars as pl

    text = Path("specs/exam.jsonl").read_text().replace('"answer": "A"', '"answer": "B"')
    Path("specs/exam.jsonl").write_text(text)
    assert medspec("score", "one", "--out", "runs/two").code == 0
    answers = pl.read_parquet("runs/one/rows.parquet")["answer"].to_list()
    assert [answer is None for answer in answers].count(False) >= 2
    hits = sum(answer == str(gold) for answer, gold in zip(answers, [1, 1, 2, 3, 1], strict=True))
    assert report_of("runs/two")["tasks"]["exam_letters"]["metrics"]["accuracy"]["value"] == hits / 5


def test_another_question_is_refused_with_what_changed(ran, medspec):
    edit("specs/exam.medspec", "Answer with one letter.", "Answer with a single letter.")
    done = medspec("score", "one", "--out", "runs/two")
    assert (done.code, done.out) == (3, "") and not Path("runs/two").exists()
    assert done.err.replace(str(ran), "ROOT").partition("\n\nlegend")[0] == (
        "error: `exam_letters` asks the model something else than in ROOT/runs/one, so its replies cannot be scored again; "
        "`medspec run` asks anew, and takes over what is the same:\n"
        "~ exam_letters @1  call      prompt ask, user turn, line 5: text changed\n"
        "                             - Answer with one letter.\n"
        "                             + Answer with a single letter."
    )


def test_rows_that_changed_are_found_out(ran, medspec):
    edit("specs/exam.jsonl", "Question 3?", "Question three?")
    done = medspec("score", "one", "--out", "runs/two")
    assert done.code == 3
    assert (
        "runs/one has no reply to what row 3 of `exam_letters` asks now: the rows changed since, or the run did not end"
        in done.err
    )
    assert not Path("runs/two/report.json").exists()


def test_scores_of_recorded_replies(project, medspec):
    """A recording that is gone is no loss: the journal holds it."""
    lines = [{"id": str(number), "reply": letter} for number, letter in enumerate("AAAAA")]
    Path("recorded.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert medspec("run", "--model", "replay:recorded.jsonl", "--out", "runs/one").code == 0
    assert medspec("resume", "one").code == 0
    Path("recorded.jsonl").unlink()
    assert medspec("score", "one", "--out", "runs/two").code == 0
    first, second = report_of("runs/one"), report_of("runs/two")
    assert second["tasks"] == first["tasks"] and second["model"] == {**first["model"], "unasked": 5}
    assert first["tasks"]["exam_letters"]["metrics"]["accuracy"]["value"] == 0.4


def test_what_cannot_be_scored_again(ran, medspec):
    assert "keeps what was scored then" in medspec("score", "one", "--out", "runs/one").err
    with Journal.open(Path("runs/one")):
        assert "in use by another medspec process" in medspec("score", "one", "--out", "runs/two").err
    Path("runs/one/journal.sqlite").write_bytes(b"no journal at all" * 100)
    assert "is damaged" in medspec("score", "one", "--out", "runs/two").err


def test_what_no_run_needs(ran, medspec):
    assert medspec("gc").out == "nothing is left over\n"
    Path("runs/one/.rows.parquet.77-ab.part").write_bytes(b"half" * 50)
    Path("runs/never").mkdir()
    Path("runs/never/run.json").write_text("{}")
    Path("runs/mine").mkdir()
    Path("runs/mine/notes.txt").write_text("not medspec's")
    with Journal.open(Path("runs/held")):
        done = medspec("gc")
    assert done.out == (
        "runs/never  2 bytes  a run that was never answered anything\n"
        "runs/one/.rows.parquet.77-ab.part  200 bytes  half a file, left by a process that was killed\n"
        "2 can go, 202 bytes; `medspec gc --yes` removes what is shown\n"
    )
    assert Path("runs/never").exists()
    with Journal.open(Path("runs/held")):
        assert medspec("gc", "--yes").out.endswith("removed 2, 202 bytes\n")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["held", "mine", "one"]
    assert {"report.json", "journal.sqlite"} <= {path.name for path in Path("runs/one").iterdir()}


def test_a_stopped_run_is_never_left_over(ran, medspec):
    """With its replies still in the log that SQLite has not folded in."""
    for file in ("report.json", "rows.parquet"):
        Path("runs/one", file).unlink()
    with closing(sqlite3.connect("runs/one/journal.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM reply").fetchone() == (5,)
    assert medspec("gc").out == "nothing is left over\n"


def test_downloads_that_no_spec_names_can_go(project, medspec, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "cache"))
    spec = next(project.glob("specs/**/*.medspec"))
    named, other = (f"hf://owner/name/{file}.jsonl@0a1b2c3" for file in ("exam", "other"))
    (spec.parent / "remote.medspec").write_text(
        "edition 2026\nimport std.metrics { accuracy }\nenum V { yes no }\nrecord R { id : text  gold : V }\n"
        f'dataset far : R {{ source = jsonl("{named}")  splits = [test] }}\n'
        'prompt p(id: text) { user "{{ id }} {{ answer_format }}" }\n'
        "task far_task { data = far.test  prompt = p  answer V via plain  metrics { primary accuracy } }\n",
        encoding="utf-8",
    )
    for address in (named, other):
        place_of(address).parent.mkdir(parents=True)
        part = place_of(address).with_name("part")
        part.write_bytes(b'{"id": "1", "gold": "yes"}\n')
        keep(address, part)
    half = place_of("hf://owner/name/half.jsonl@0a1b2c3")
    half.parent.mkdir()
    half.with_name(".half.jsonl.part").write_bytes(b"x" * 7)
    assert medspec("gc").out == "nothing is left over\n"
    shown = medspec("gc", "--cache").out
    assert f"{other}, named by no spec here" in shown and "7 bytes  half a download, named by no spec here" in shown
    assert named not in shown and "2 can go" in shown
    held = pytest.importorskip("filelock").FileLock(str(half.with_name(".lock")))
    with held:
        assert medspec("gc", "--cache", "--yes").out.endswith("bytes\n")
        assert half.parent.exists() and not place_of(other).parent.exists()
    assert "removed 1" in medspec("gc", "--cache", "--yes").out and not half.parent.exists()
    place_of(named).write_bytes(b"torn")
    assert f"{named}, not as it was fetched" in medspec("gc", "--cache").out
    (spec.parent / "remote.medspec").write_text("edition 2026\ntask {", encoding="utf-8")
    assert medspec("gc", "--cache", "--yes").code == 1 and place_of(named).exists()
