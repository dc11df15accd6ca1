"""--select: one language for ls, run, test, compile and explain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }

enum Finding { present  absent }
record Note { id : text  note : text  gold : Finding }
record Letter { id : text  body : text  gold : Finding }
dataset notes : Note { source = jsonl("notes/{split}.jsonl")  splits = [dev, test]  license = "mit" }
dataset letters : Letter { source = jsonl("letters.jsonl")  splits = [test]  license = "physionet-1.5"  private = true }
phrase manner = "In one word."
prompt ask_note(note: text) { user "{{ note }} Finding? {{ manner }}" }
prompt ask_letter(body: text) { user "{{ body }} Present or absent?" }

task note_finding @1 {
  data = notes.test   prompt = ask_note   answer Finding via plain
  shots 2 from notes.dev
  tags = ["ward", "text"]
  metrics { primary accuracy   macro_f1 }
}
task note_likelihood @1 = note_finding { override answer Finding via likelihood }
task letter_finding @1 {
  data = letters.test   prompt = ask_letter   answer Finding via plain
  metrics { primary accuracy }
}
suite both @1 { tasks { note_finding  letter_finding }  tags = ["nightly"] }
example note_finding "a word" { row = { note = "x"  gold = present }  reply = "present"  expect = { accuracy = 1 } }
example letter_finding "a word" { row = { body = "x"  gold = present }  reply = "absent"  expect = { accuracy = 0 } }
"""


@pytest.fixture
def ward(project):
    (project / "specs" / "exam.medspec").unlink()
    (project / "specs" / "ward.medspec").write_text(SPEC, encoding="utf-8")
    (project / "medspec.toml").write_text('model = "mock"\n', encoding="utf-8")
    return project


def names(medspec, expression: str) -> set[str]:
    done = medspec("ls", "--select", expression, "--format", "json")
    assert done.code == 0, done.err
    return {entry["name"] for entry in json.loads(done.out)}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("letter_finding", "letter_finding"),
        ("ward.letter_finding", "letter_finding"),
        ("*_finding", "note_finding letter_finding"),
        ("ward.note_*", "note_finding note_likelihood"),
        ("none_*", ""),
        ("kind:suite", "both"),
        ("kind:d*", "notes letters"),
        ("module:wa?d,kind:prompt", "ask_note ask_letter"),
        ("license:mit", "notes note_finding note_likelihood"),
        ("license:physionet-*,kind:task", "letter_finding"),
        ("dataset:letters", "letters letter_finding"),
        ("prompt:ask_note", "note_finding note_likelihood"),
        ("reader:likelihood", "note_likelihood"),
        ("metric:macro_f1", "note_finding note_likelihood"),
        ("metric:macro_f1,reader:plain", "note_finding"),
        ("reader:likelihood metric:accuracy,license:phys*", "note_likelihood letter_finding"),
        ("tag:ward", "note_finding note_likelihood"),
        ("tag:nightly", "both"),
        ("+letter_finding", "letter_finding letters Letter Finding ask_letter"),
        ("letters+", "letters letter_finding both"),
        ("letters+,kind:task", "letter_finding"),
        ("manner+", "manner ask_note note_finding note_likelihood both"),
        ("Letter+", "Letter letters letter_finding both"),
        ("+ask_note+", "manner ask_note note_finding note_likelihood both"),
        ("+both,kind:enum", "Finding"),
        ("kind:prompt+,kind:suite", "both"),
    ],
)
def test_what_is_selected(ward, medspec, expression, expected):
    assert names(medspec, expression) == set(expected.split())


def test_several_options_add_up(ward, medspec):
    done = medspec("ls", "--select", "letters", "--select", "notes", "--format", "json")
    assert [entry["name"] for entry in json.loads(done.out)] == ["notes", "letters"]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("leters", "nothing here is named `leters`; did you mean `letters`?"),
        ("metrics:accuracy", "nothing is selected by `metrics`; did you mean `metric:accuracy`?"),
        ("kind:tsk", "`tsk` is no kind; did you mean `kind:task`?"),
        ("state:modified", "`modified` is no state; there are: changed, new, same"),
        ("a,,b", "something is missing beside `,` or `+`"),
        ("+", "something is missing beside `,` or `+`"),
        (" ", "the selection is empty"),
        ("state:changed", "there is no medspec.lock here"),
    ],
)
def test_what_cannot_be_meant_is_refused(ward, medspec, expression, message):
    done = medspec("ls", "--select", expression)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_states_are_those_against_the_lock(ward, medspec):
    medspec("lock")
    spec = Path("specs/ward.medspec")
    spec.write_text(
        SPEC.replace("Present or absent?", "Absent or present?") + "task third @1 = letter_finding\n", encoding="utf-8"
    )
    assert names(medspec, "state:changed") == {"letter_finding", "third"}
    assert names(medspec, "state:new") == {"third"}
    assert names(medspec, "state:same") == {"note_finding", "note_likelihood"}
    spec.write_text(SPEC.replace("letter_finding @1", "letter_finding @2"), encoding="utf-8")
    assert names(medspec, "state:changed") == {"letter_finding"}


def test_the_other_commands_take_the_same_selection(ward, medspec):
    assert medspec("test", "--examples", "--select", "license:mit").out == "1 example passed\n"
    medspec("compile", "--select", "reader:plain")
    assert {path.name for path in Path("target").iterdir()} == {
        "note_finding.plan.json", "letter_finding.plan.json",
    }  # fmt: skip
    assert medspec("explain", "--select", "tag:ward").out.startswith("selection   plan ")
    # Where no task is selected, the suites are.
    assert medspec("explain", "--select", "kind:suite").out.startswith("both @1   plan ")


def test_run_takes_it_too(ward, medspec):
    rows = [{"id": str(number), "body": f"Letter {number}.", "gold": "present"} for number in range(3)]
    Path("specs/letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    report = json.loads(medspec("run", "--select", "license:physionet*", "--format", "json", "-q").out)
    assert list(report["tasks"]) == ["letter_finding"] and report["suite"] == "letter_finding@1"


def test_wrong_use(ward, medspec):
    for command in ("test", "compile", "run"):
        done = medspec(command, "both", "--select", "tag:ward")
        assert done.code == 2 and "give either names or --select, not both" in done.err
    done = medspec("compile", "--select", "kind:record")
    assert done.code == 2 and "`kind:record` selects no task and no suite" in done.err
    assert medspec("explain").code == 2


@pytest.mark.parametrize(
    ("tags", "code", "title"),
    [
        ('["a b"]', "E0301", "`a b` is no tag"),
        ('[""]', "E0301", "a tag is empty"),
        ('["a", "a"]', "E0211", "the tag `a` is given twice"),
        ('"a"', "E0301", "`tags` needs a list of texts"),
    ],
)
def test_tags_are_words(ward, medspec, tags, code, title):
    for old in ('["ward", "text"]', '["nightly"]'):
        Path("specs/ward.medspec").write_text(SPEC.replace(old, tags), encoding="utf-8")
        out = medspec("check").out
        assert f"error[{code}]: {title}" in out, out


def test_tags_are_in_no_hash(ward, medspec):
    medspec("lock")
    Path("specs/ward.medspec").write_text(SPEC.replace('["ward", "text"]', '["other"]'), encoding="utf-8")
    assert medspec("lock", "--check").code == 0
