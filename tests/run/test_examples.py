"""Examples: tests of the spec itself. What was expected, what came instead, and which are run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from planned_specs import changed, spec_of
from shared_data import ROOT

from medspec.check import check_paths
from medspec.errors import UsageError
from medspec.run.examples import run_examples

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }

enum Word { yes "Yes"  no "No" }

record Row { id : text   question : text   options : text[2..4]   gold : choice of options from letter   said : Word   age : int }

dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }

prompt ask(question: text) { user "{{ question }}" }

task choose { data = exam.test  prompt = ask  answer choice of options via letter  metrics { primary accuracy  macro_f1 as f1 } }
task likely = choose { override answer choice of options via likelihood }
task word   { data = exam.test  prompt = ask  gold = said  answer Word via plain  metrics { primary accuracy } }
task old    { data = exam.test  prompt = ask  gold = age  answer int via plain  metrics { primary accuracy } }

suite some { tasks { choose  word } }

example choose "first" {
  row    = { question = "?"  options = ["a", "b"]  gold = 1 }
  reply  = "B."
  expect = { answer = 1  accuracy = 1  f1 = 1.0 }
}
example likely "second" {
  row    = { question = "?"  options = ["a", "b"]  gold = 0 }
  reply  = [-1.5, -0.5]
  expect = { answer = 1  accuracy = 0 }
}
example word "third" {
  row    = { question = "?"  said = no }
  reply  = "The answer is No."
  expect = { answer = no }
}
example old "fourth" {
  row    = { question = "?"  age = 43 }
  reply  = "43"
  expect = { answer = 43  accuracy = 1 }
}
"""


def problems(text: str) -> dict[str, tuple[str, ...]]:
    return {result.example.name: result.problems for result in run_examples(spec_of(text))}


def test_examples_that_hold() -> None:
    results = run_examples(spec_of(SPEC))
    assert [(result.example.name, result.passed) for result in results] == [
        ("first", True),
        ("second", True),
        ("third", True),
        ("fourth", True),
    ]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("answer = 1  accuracy = 1  f1", "answer = 0  f1"), ("answer: expected 0, got 1",)),
        (("accuracy = 1  f1 = 1.0", "accuracy = 0  f1 = 0.25"), ("accuracy: expected 0, got 1", "f1: expected 0.25, got 1")),
        (('reply  = "B."', 'reply  = "neither"'),
         ("answer: expected 1, got unread (no_letter)", "accuracy: expected 1, got 0", "f1: expected 1, got 0")),
        (("{ answer = 1  accuracy = 1  f1 = 1.0 }", '{ unread = "no_letter" }'), ("answer: expected unread (no_letter), got 1",)),
    ],
)  # fmt: skip
def test_what_came_instead(edit: tuple[str, str], said: tuple[str, ...]) -> None:
    assert problems(changed(SPEC, edit))["first"] == said


@pytest.mark.parametrize(
    ("expected", "holds"),
    [('unread = "no_letter"', True), ('unread = "any"', True), ('unread = "empty"', False), ("accuracy = 0", True)],
)
def test_an_unread_reply_can_be_expected(expected: str, holds: bool) -> None:
    text = changed(
        SPEC, ('reply  = "B."', 'reply  = "neither"'), ("{ answer = 1  accuracy = 1  f1 = 1.0 }", f"{{ {expected} }}")
    )
    assert (problems(text)["first"] == ()) is holds


@pytest.mark.parametrize(
    ("names", "run"),
    [
        ((), ["first", "second", "third", "fourth"]),
        (("word",), ["third"]),
        (("spec.word",), ["third"]),
        (("some",), ["first", "third"]),
        (("spec",), ["first", "second", "third", "fourth"]),
        (("old", "likely"), ["second", "fourth"]),
    ],
)
def test_which_are_run(names: tuple[str, ...], run: list[str]) -> None:
    assert [result.example.name for result in run_examples(spec_of(SPEC), names)] == run


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no suite, task or module named `words`"):
        run_examples(spec_of(SPEC), ["words"])


def test_the_examples_of_this_repository_hold() -> None:
    results = run_examples(check_paths([ROOT / "specs"], root=ROOT / "specs").spec)
    assert results and [result.problems for result in results if not result.passed] == []


def test_examples_of_per_row_metrics_load_no_array_library(tmp_path: Path) -> None:
    """They are run after every change of a spec."""
    import subprocess

    (tmp_path / "spec.medspec").write_text(changed(SPEC, ("  f1 = 1.0", "")), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from medspec.check import check_paths; "
        "from medspec.run.examples import run_examples; "
        "results = run_examples(check_paths([Path('spec.medspec')], root=Path()).spec); "
        "assert len(results) == 4 and all(result.passed for result in results); "
        "print(*sorted({'torch', 'polars', 'numpy', 'onnxruntime', 'torchmetrics'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
