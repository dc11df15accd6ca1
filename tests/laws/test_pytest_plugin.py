"""`pytest specs/`: what is collected, what fails and in which words. Run as a process of its own, as anybody's CI does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

SPEC = """edition 2026
import std.metrics { accuracy }
enum Verdict { yes  no }
record Row { id : text  question : text  gold : Verdict }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }} {{ answer_format }}" }
task asked { data = exam.test  prompt = ask  answer Verdict via plain  metrics { primary accuracy } }
example asked "a plain yes" {
  row    = { id = "1"  question = "?"  gold = yes }
  reply  = "yes"
  expect = { answer = yes }
}
"""


def run_pytest(folder: Path, *arguments: str) -> tuple[int, str]:
    # Installed, the plugin is found by its entry point; here it is named, so that the tests need no installation.
    given = ["-p", "no:medspec", "-p", "medspec.laws.pytest_plugin", "-p", "no:cacheprovider", "-q", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *given],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def project(folder: Path, text: str = SPEC) -> Path:
    (folder / "specs").mkdir(parents=True)
    (folder / "specs" / "exam.medspec").write_text(text)
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "wrong.medspec").write_text("task {")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n[tool.medspec]\n")
    return folder


def test_a_file_is_checked_its_examples_run_and_its_laws_tried(tmp_path: Path) -> None:
    code, said = run_pytest(project(tmp_path), "-vv")
    assert code == 0, said
    for name in ("check", "example a plain yes", "laws asked"):
        assert f"specs/exam.medspec::{name} PASSED" in said
    assert "3 passed" in said and "wrong.medspec" not in said


def test_a_mistake_is_shown_as_the_command_line_shows_it(tmp_path: Path) -> None:
    code, said = run_pytest(project(tmp_path, SPEC.replace("via plain", "via plane")), "specs")
    assert code == 1 and "error[E02" in said and "1 failed" in said and "Traceback" not in said
    code, said = run_pytest(tmp_path, "elsewhere/wrong.medspec")
    assert code == 1 and "error[E01" in said


def test_an_example_that_fails_says_how(tmp_path: Path) -> None:
    code, said = run_pytest(project(tmp_path, SPEC.replace('reply  = "yes"', 'reply  = "no"')), "specs")
    assert code == 1 and "answer: expected 'yes', got 'no'" in said and "2 passed" in said


def test_the_entry_point_is_there() -> None:
    project_file = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project_file["project"]["entry-points"]["pytest11"] == {"medspec": "medspec.laws.pytest_plugin"}


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_the_hooks_and_the_action_call_commands_that_exist(command: str) -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    action = (ROOT / "action.yml").read_text("utf-8")
    assert f"entry: medspec {command}" in hooks and f"python -m medspec {command}" in action
    options = {"check": ("--format", "github"), "fmt": ("--check",)}[command]
    done = subprocess.run(
        [sys.executable, "-m", "medspec", command, *options, "specs/quickstart"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_action_and_the_hooks_are_yaml_of_the_form_they_must_have() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert [hook["id"] for hook in hooks] == ["medspec-check", "medspec-fmt"]
    assert all({"id", "name", "entry", "language", "files"} <= set(hook) for hook in hooks)
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    # What a caller gives never stands in a command itself, where the shell would run it.
    assert not any("${{ inputs" in step.get("run", "") for step in action["runs"]["steps"])
    assert json.dumps(action)
