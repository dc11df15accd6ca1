"""show: what is written, and the law of --resolved: the text alone means the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspec.check import check_paths
from medspec.check.check import load_paths
from medspec.check.resolved import resolve_task
from medspec.plan.state import state_of_spec
from medspec.syntax.format import format_tree
from medspec.text.diagnostic import Report

ROOT = Path(__file__).parent.parent.parent / "specs"

BASE = """edition 2026
import std.metrics as measures
import wards { Note, notes, ask }
import wards as w

enum notes_kind { short  long }

## Whether it is there.
task finding(rows: rows<Note>, shown: rows<Note>, k: int = 2, hint: text = "a \\"hint\\"", heat: float = 0.0) {
  data    = rows
  prompt  = ask(hint: hint)
  answer  w.Finding via plain
  shots   k from shown { pick = seeded(13) }
  decode  { temperature = heat  max_tokens = 8 }
  tags    = ["ward"]
  metrics { primary measures.accuracy as right   measures.macro_f1 }
}

task plain_finding @2 = finding(notes.test, shown: notes.dev, hint: "look twice")

task held @1 = finding(notes.test.holdout(3, seed: 4), notes.dev, k: 1)

task by_likelihood @1 = plain_finding {
  override answer w.Finding via likelihood
  override shots 1 from w.notes.dev.holdout(2)
}
"""

WARDS = """edition 2026
enum Finding { present  absent }
record Note { id : text  note : text  gold : Finding }
dataset notes : Note { source = jsonl("{split}.jsonl")  splits = [dev, test] }
prompt ask(note: text, hint: text) { user "{{ hint }}: {{ note }} Present or absent?" }
"""

CLASH = """edition 2026
import std.metrics { accuracy }
import wards { Note, Finding }
import wards as w
dataset notes : Note { source = jsonl("other.jsonl")  splits = [test] }
task ask @1 {
  data = notes.test   prompt = w.ask(hint: "x")   answer Finding via plain
  shots 2 from w.notes.dev
  metrics { primary accuracy }
}
"""


@pytest.fixture
def wards(project):
    for file in (project / "specs").iterdir():
        file.unlink()
    for name, text in (("base", BASE), ("wards", WARDS), ("clash", CLASH)):
        (project / "specs" / f"{name}.medspec").write_text(text, encoding="utf-8")
    return project


def assert_law(root: Path, folder: Path) -> int:
    """Every task of `root`, resolved into a module of its own beside the others, has the hashes it had. Their number."""
    checked = check_paths([root], root=root)
    assert not checked.has_errors, checked.diagnostics
    modules = load_paths([root], root, Report())
    before = state_of_spec(checked.spec).tasks
    for file in root.rglob("*.medspec"):
        copy = folder / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    for number, task in enumerate(checked.spec.tasks.values()):
        resolved = resolve_task(modules, task)
        if not resolved.private:
            (folder / f"shown_{number}.medspec").write_text(format_tree(resolved.module), encoding="utf-8")
    after = check_paths([folder], root=folder)
    assert not after.has_errors, after.diagnostics
    states = state_of_spec(after.spec).tasks
    count = 0
    for number, (name, state) in enumerate(before.items()):
        again = states.get(f"shown_{number}.{name.rpartition('.')[2]}")
        if again is not None:
            shown = (again.call_hash, again.score_hash, again.version, again.report, again.doc)
            assert shown == (state.call_hash, state.score_hash, state.version, state.report, state.doc), name
            count += 1
    return count


def test_every_task_of_this_repository_means_the_same_when_resolved(tmp_path):
    assert assert_law(ROOT, tmp_path) >= 9


def test_templates_overrides_aliases_and_clashes(wards, tmp_path):
    assert assert_law(wards / "specs", tmp_path / "shown") == 4


def test_resolved_is_the_whole_task(wards, medspec):
    done = medspec("show", "by_likelihood", "--resolved")
    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == """edition 2026

import std.metrics { accuracy, macro_f1 }
import wards { Finding, ask, notes }

task by_likelihood @1 {
  data    = notes.test
  prompt  = ask(hint: "look twice")
  answer  Finding via likelihood
  shots   1 from notes.dev.holdout(2)
  decode  { temperature = 0.0  max_tokens = 8 }
  tags    = ["ward"]
  metrics { primary accuracy as right   macro_f1 }
}
"""
    )


def test_a_name_that_is_taken_is_reached_through_its_module(wards, medspec):
    out = medspec("show", "clash.ask", "--resolved").out
    assert "import wards as wards" in out or "import wards\n" in out
    assert "prompt  = wards.ask(" in out and "shots   2 from wards.notes.dev" in out


def test_without_resolved_it_is_as_written(wards, medspec):
    out = medspec("show", "by_likelihood").out
    assert out.startswith("task by_likelihood @1 = plain_finding {\n  override answer")
    assert medspec("show", "wards.Finding").out.startswith("enum Finding {")
    assert medspec("show", "finding").out.startswith("## Whether it is there.\ntask finding(")


def test_private_names_are_said(wards, medspec):
    spec = wards / "specs" / "wards.medspec"
    spec.write_text(
        WARDS + 'import std.metrics { accuracy }\nprompt _own(note: text) { user "{{ note }} Present or absent?" }\n'
        "task mine { data = notes.test  prompt = _own  answer Finding via plain  metrics { primary accuracy } }\n",
        encoding="utf-8",
    )
    done = medspec("show", "mine", "--resolved")
    assert done.code == 0 and "private, so only their own module can name them: wards._own" in done.err
    assert json.loads(medspec("show", "mine", "--resolved", "--format", "json").out)["private"] == ["wards._own"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("finding_", "--resolved"), "nothing here is named `finding_`; did you mean `finding`?"),
        (("finding", "--resolved"), "`finding` is a template; only tasks are resolved"),
        (("notes",), "is declared in several modules; write one of: clash.notes, wards.notes"),
    ],
)
def test_wrong_use(wards, medspec, arguments, message):
    done = medspec("show", *arguments)
    assert (done.code, done.out) == (2, "") and message in done.err
