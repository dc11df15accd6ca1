"""A small project, and the command line called in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

EXAM = '''edition 2026
import std.metrics { accuracy }

record ExamRow {
  id        : text
  question  : text
  options   : text[4..4]
  gold      : choice of options from letter
}

## Five invented questions.
dataset exam : ExamRow {
  source   = jsonl("exam.jsonl")
  splits   = [test]
  license  = "mit"
  columns  { gold = "answer" }
}

prompt ask(question: text, options: text[4..4]) {
  user """
    {{ question }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    Answer with one letter.
    """
}

## One letter is asked for.
task exam_letters @1 {
  data    = exam.test
  prompt  = ask
  answer  choice of options via letter
  metrics { primary accuracy }
}

suite exam_suite @2 { tasks { exam_letters } }

example exam_letters "a letter alone is read" {
  row     = { id = "1"  question = "Which vitamin prevents scurvy?"  options = ["A", "B", "C", "D"]  gold = 2 }
  reply   = "C"
  expect  = { accuracy = 1.0 }
}
'''

ROWS = [
    {"id": str(number), "question": f"Question {number}?", "options": ["one", "two", "three", "four"], "answer": letter}
    for number, letter in enumerate("ABCDA")
]


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Medspec = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one spec, its data and a settings file; it is the working directory."""
    folder = tmp_path / "project"
    (folder / "specs").mkdir(parents=True)
    (folder / "specs" / "exam.medspec").write_text(EXAM, encoding="utf-8")
    (folder / "specs" / "exam.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    (folder / "medspec.toml").write_text('suite = "exam_suite"\nmodel = "hash"\n', encoding="utf-8")
    for variable in ("MEDSPEC_DATA", "FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def medspec(capsys: pytest.CaptureFixture[str]) -> Medspec:
    """Calls the command line in this process."""
    from medspec.cli.app import main

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, out, err)

    return call
