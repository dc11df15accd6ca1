"""The laws over the shipped specs, what a person reads of a broken one, and that a seed decides what is tried."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_specs import spec_of

from medspec.backends.base import Message
from medspec.check import check_paths
from medspec.cli.app import main
from medspec.laws import LAWS, base, trial
from medspec.laws.renders import RENDERS
from medspec.laws.shown import laws_as_text, shown
from medspec.laws.trial import Verdict, try_laws
from medspec.run.roots import DataRoots

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"
SHIPPED = check_paths([SPECS], root=SPECS).spec

SPEC = """edition 2026
import std.metrics { accuracy }
record Row { id : text  question : text  options : text[2..3]  gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text, options: text[2..3]) {
  user "{{ question }} {% for option in options %}{{ loop.index0 | letter }}. {{ option }} {% endfor %}{{ answer_format }}"
}
task asked { data = exam.test  prompt = ask  answer choice of options via letter  metrics { primary accuracy } }
"""


@pytest.mark.parametrize("task", SHIPPED.tasks)
def test_the_laws_hold_for_shipped_tasks(task: str) -> None:
    found = try_laws(SHIPPED, [task], tries=3, seed=0)
    assert [one.law for one in found] == [law.name for law in LAWS]
    assert [one for one in found if one.broken] == []


@pytest.mark.slow
@pytest.mark.parametrize("task", SHIPPED.tasks)
def test_the_laws_hold_for_shipped_tasks_deeply(task: str) -> None:
    assert [one for one in try_laws(SHIPPED, [task], tries=300, seed=11) if one.broken] == []


def planted(patch: pytest.MonkeyPatch) -> None:
    right = base.Subject.prompt

    def leaky(self: base.Subject, row: dict[str, Any]) -> Any:
        return (*right(self, row), Message("user", f"({row['gold']})"))

    patch.setattr(base.Subject, "prompt", leaky)


def test_a_broken_law_shows_the_smallest_row(
    monkeypatch: pytest.MonkeyPatch, golden: Callable[[Path, str], None]
) -> None:
    planted(monkeypatch)
    found = try_laws(spec_of(SPEC), ["spec.asked"], tries=40, seed=0)
    golden(HERE / "golden" / "broken.txt", laws_as_text(found, "ci", 0) + "\n")
    assert [one.law for one in found if one.broken] == ["no leak"]


def test_the_same_seed_tries_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    right = base.Subject.answer

    def watched(self: base.Subject, reply: Any, row: dict[str, Any]) -> Any:
        seen.append(repr((reply, row)))
        return right(self, reply, row)

    monkeypatch.setattr(base.Subject, "answer", watched)
    spec = spec_of(SPEC)
    runs = []
    for seed in (5, 5, 6):
        seen.clear()
        try_laws(spec, ["spec.asked"], tries=10, seed=seed)
        runs.append(tuple(seen))
    assert runs[0] == runs[1] != runs[2]


def test_what_cannot_be_tried_says_why() -> None:
    found = {one.law: one.skipped for one in try_laws(SHIPPED, ["gallery.coding.icd_coding"], tries=1, seed=0)}
    assert found["permutation"] == "its answers are no options of the row"
    assert found["round trip"] == "no invented gold can be written by the reader"


def test_a_text_that_is_not_the_one_meant_leaves_the_laws_about_prompts_untried(tmp_path: Path) -> None:
    """One that is not there is made up, so that the laws are tried."""
    file = f'user from json("wording.json", key: "ask") {{ sha256 = "{"0" * 64}" }}\n  user "{{{{ question }}}}'
    text = SPEC.replace('user "{{ question }}', file)
    roots = DataRoots(given=(tmp_path,))
    found = {one.law: one for one in try_laws(spec_of(text), ["spec.asked"], tries=2, seed=0, roots=roots)}
    assert found["renders"].skipped is None and found["renders"].broken is None
    (tmp_path / "wording.json").write_text('{"ask": "another text"}', "utf-8")
    found = {one.law: one for one in try_laws(spec_of(text), ["spec.asked"], tries=2, seed=0, roots=roots)}
    assert found["renders"].skipped is not None and "wording.json" in found["renders"].skipped
    assert found["round trip"].skipped is None and found["round trip"].broken is None


@given(st.text(max_size=20))
def test_what_is_shown_holds_no_control_characters(text: str) -> None:
    line = shown({"reply": text})
    assert line.isprintable() and json.loads(line) == {"reply": text}


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "exam.medspec").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    assert ended("test", "exam.medspec") == 0
    assert capsys.readouterr().out == "7 laws of 1 task hold (profile ci, seed 0)\n"
    planted(monkeypatch)
    assert ended("test", "exam.medspec", "--seed", "4", "--format", "json") == 1
    (broken,) = [one for one in json.loads(capsys.readouterr().out) if not one["passed"]]
    assert (broken["law"], broken["seed"]) == ("no leak", 4) and broken["row"]["options"]
    assert ended("test", "exam.medspec", "--seed", "4") == 1
    assert "6 laws of 1 task hold, 1 broken (profile ci, seed 4)" in capsys.readouterr().out


def ended(*arguments: str) -> Any:
    with pytest.raises(SystemExit) as found:
        main(arguments)
    return found.value.code


def test_the_seed_of_the_deep_profile_is_shown() -> None:
    assert (
        laws_as_text([Verdict(task="a.b", law="renders")], "deep", 99)
        == "1 law of 1 task holds (profile deep, seed 99)"
    )


def test_help_needs_no_hypothesis() -> None:
    import subprocess

    code = "import medspec.cli.test, medspec.laws, sys; assert not {'hypothesis', 'numpy', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_chance_finds_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis's own search is one try here, the simplest: it begins with what chance drew, and has to come to the smallest."""
    monkeypatch.setattr(trial, "SEARCHED", 1)
    right = base.Subject.prompt

    def failing(self: base.Subject, row: dict[str, Any]) -> Any:
        if len(row["question"]) > 9 and len(row["options"]) == 3:
            raise KeyError("planted")
        return right(self, row)

    monkeypatch.setattr(base.Subject, "prompt", failing)
    (found,) = try_laws(spec_of(SPEC), ["spec.asked"], tries=300, seed=0, laws=[RENDERS])
    assert found.broken == "the prompt cannot be written: KeyError: 'planted'" and found.row is not None
    assert len(found.row["options"]) == 3 and len(found.row["question"]) == 10


def test_what_breaks_by_chance_and_not_again_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SEARCHED", 1)
    right, seen = base.Subject.prompt, []

    def once(self: base.Subject, row: dict[str, Any]) -> Any:
        seen.append(row)
        if len(seen) == 5:
            raise KeyError("planted")
        return right(self, row)

    monkeypatch.setattr(base.Subject, "prompt", once)
    (found,) = try_laws(spec_of(SPEC), ["spec.asked"], tries=20, seed=0, laws=[RENDERS])
    assert found.broken == "not always: the prompt cannot be written: KeyError: 'planted'"
    assert found.row == seen[4]
