"""compile, test and explain NAME: from specs to plans and examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def likelihood(project: Path) -> Path:
    """The project with a reader that needs the probabilities of the options."""
    file = project / "specs" / "exam.medspec"
    text = file.read_text(encoding="utf-8").partition("example ")[0]
    file.write_text(text.replace("via letter", "via likelihood"), encoding="utf-8")
    return project


def test_compile_writes_the_plan_of_each_suite(project, medspec):
    done = medspec("compile")
    path = Path("target/exam_suite.plan.json")
    assert done == (0, f"exam_suite: 1 task -> {path}\n", "")
    plan = json.loads(path.read_text(encoding="utf-8"))
    assert (plan["kind"], plan["suite"], plan["version"]) == ("Plan", "exam_suite", 2)


def test_equal_specs_give_equal_bytes(project, medspec):
    medspec("compile")
    first = Path("target/exam_suite.plan.json").read_bytes()
    medspec("compile", "--out", "again")
    assert Path("again/exam_suite.plan.json").read_bytes() == first


def test_compile_takes_names(project, medspec):
    assert medspec("compile", "exam_letters", "exam_suite").code == 0
    assert sorted(path.name for path in Path("target").iterdir()) == [
        "exam_letters.plan.json", "exam_suite.plan.json",
    ]  # fmt: skip


def test_a_task_in_no_suite_is_compiled_too(project, medspec):
    file = project / "specs" / "exam.medspec"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("suite exam_suite @2 { tasks { exam_letters } }", ""), encoding="utf-8")
    assert medspec("compile").out == f"exam_letters: 1 task -> {Path('target/exam_letters.plan.json')}\n"


def test_suites_of_one_name_in_two_modules_get_a_file_each(project, medspec):
    (project / "specs" / "second.medspec").write_text(
        "edition 2026\nimport exam { exam_letters }\nsuite exam_suite { tasks { exam_letters } }\n", encoding="utf-8"
    )
    assert medspec("compile").code == 0
    assert sorted(path.name for path in Path("target").iterdir()) == [
        "exam.exam_suite.plan.json", "second.exam_suite.plan.json",
    ]  # fmt: skip


def test_a_mistake_stops_the_compiler(project, medspec):
    (project / "specs" / "wrong.medspec").write_text("edition 2026\nimport std.metrics { acuracy }\n", encoding="utf-8")
    done = medspec("compile")
    assert (done.code, done.out) == (1, "")
    assert "error[E0202]" in done.err
    assert not Path("target").exists()
    document = json.loads(medspec("compile", "--format", "json").out)
    assert document["plans"] == []
    assert [one["code"] for one in document["diagnostics"]] == ["E0202"]
    assert "::error " in medspec("compile", "--format", "github").out


def test_compile_for_programs(project, medspec):
    document = json.loads(medspec("compile", "--format", "json").out)
    (plan,) = document["plans"]
    assert (plan["suite"], list(plan["tasks"])) == ("exam_suite", ["exam_letters"])
    assert document["diagnostics"] == []


def test_a_model_that_cannot_do_it_is_refused_before_it_is_loaded(likelihood, medspec):
    done = medspec("compile", "--model", "replay:no_such_file.jsonl")
    assert (done.code, done.out) == (1, "")
    assert "error[E0701]" in done.err
    assert "specs/exam.medspec:" in done.err.replace("\\", "/")
    assert not Path("target").exists()
    assert medspec("compile", "--model", "hash").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("exam_suit",), 2, "there is no suite or task named `exam_suit`; did you mean `exam_suite`?"),
        (("specs", "exam_suite"), 2, "give either paths or names, not both: specs is a path, exam_suite is a name"),
        (("--without", "fold-prompt"), 2, "there is no pass named `fold-prompt`; did you mean `fold-prompts`?"),
        (("--model", "onx:models"), 2, "there is no backend `onx`; did you mean `onnx:`?"),
        (("--out", "medspec.toml"), 3, "cannot write medspec.toml"),
    ],
)
def test_wrong_use_of_compile(project, medspec, arguments, code, message):
    done = medspec("compile", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert message in done.err


def test_examples_that_hold(project, medspec):
    assert medspec("test", "--examples") == (0, "1 example passed\n", "")
    (result,) = json.loads(medspec("test", "--examples", "exam_suite", "--format", "json").out)
    assert result == {
        "task": "exam.exam_letters", "example": "a letter alone is read", "path": str(Path("specs/exam.medspec")),
        "line": 39, "passed": True, "problems": [],
    }  # fmt: skip


def test_examples_that_do_not_hold(project, medspec, golden: Callable[[Path, str], None]):
    file = project / "specs" / "exam.medspec"
    text = file.read_text(encoding="utf-8")
    failing = 'example exam_letters "nobody said a letter" {\n  row = { question = "?"  options = ["a", "b", "c", "d"]  gold = 0 }\n'
    file.write_text(
        f'{text}\n{failing}  reply = "I cannot say"\n  expect = {{ answer = 0  accuracy = 1.0 }}\n}}\n',
        encoding="utf-8",
    )
    done = medspec("test", "--examples")
    assert (done.code, done.err) == (1, "")
    golden(HERE / "golden" / "test.txt", done.out)


def test_specs_without_examples(likelihood, medspec):
    assert medspec("test", "--examples") == (0, "", "the specs hold no examples\n")
    assert medspec("test", "--examples", "--quiet") == (0, "", "")


def test_explain_a_plan(project, medspec):
    done = medspec("explain", "exam_letters")
    assert (done.code, done.err) == (0, "")
    assert "exam_letters.accuracy" in done.out
    assert json.loads(medspec("explain", "exam_letters", "--format", "json").out)["kind"] == "Plan"
