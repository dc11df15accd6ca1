"""What changed between two states: one case per kind of change, and the laws that hold of all."""

from __future__ import annotations

import attrs
import pytest

from medspec.check import check_text
from medspec.plan.changes import CHANGES, CLASSES
from medspec.plan.diff import MARKS, as_json, diff
from medspec.plan.diff_text import diff_text
from medspec.plan.form import from_json, to_json
from medspec.plan.lock import from_text, to_text
from medspec.plan.lower import lower
from medspec.plan.optimise import optimise
from medspec.plan.state import state_of_plan, state_of_spec

BASE = '''edition 2026
import std.metrics { accuracy, macro_f1 }

enum Finding { present  absent }

record Note {
  id    : text
  note  : text
  site  : text
  gold  : Finding
  other : Finding
}

## Notes of a ward.
dataset notes : Note {
  source  = jsonl("notes/{split}.jsonl")
  splits  = [dev, test]
  license = "mit"
  columns { note = "text"  site = "where" }
}

phrase manner = "Answer in one word."

prompt ask(note: text, site: text) {
  system "You are a careful clinician."
  user """
    {{ site }}
    {{ note }}
    Is it there? {{ manner }}
    """
}

## Is the finding there?
task finding @1 {
  data    = notes.test
  prompt  = ask
  answer  Finding via plain
  shots   2 from notes.dev { pick = seeded(1) }
  decode  { temperature = 0  max_tokens = 8 }
  metrics { primary accuracy   macro_f1 }
}

task second @1 = finding { override gold = other }

suite ward @1 {
  tasks { finding weight 2   second }
  aggregate overall = weighted_mean()
  interval = bootstrap(resamples: 1000, level: 0.95, seed: 7)
}
'''.replace("answer  Finding via plain", "gold    = gold\n  answer  Finding via plain")


def spec_of(text: str):
    checked = check_text(text)
    assert not checked.has_errors, checked.diagnostics
    return checked.spec


def state(*changes: tuple[str, str]):
    text = BASE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return state_of_spec(spec_of(text))


def of(found, name):
    return next(one for one in found if one.name == name)


# Change of the text, then class and words of what is found in `finding`.
CASES = {
    "prompt text": (
        (("a careful", "a careful, concise"),),
        "call", "prompt ask, system turn, line 1: text changed",
    ),
    "phrase": ((("in one word", "in a word"),), "call", "prompt ask, user turn, line 3: text changed"),
    "turns": (
        (('system "You are a careful clinician."', ""),),
        "call", "prompt ask: turns system, user -> user",
    ),
    "shot count": ((("shots   2", "shots   3"),), "call", "shots: count: 2 -> 3"),
    "shot seed": ((("seeded(1)", "seeded(2)"),), "call", "shots: seed: 1 -> 2"),
    "decode": ((("max_tokens = 8", "max_tokens = 9"),), "call", "decode max_tokens: 8 -> 9"),
    "source": ((('jsonl("notes/', 'jsonl("other/'),), "data",
               'rows: source: jsonl("notes/test.jsonl") -> jsonl("other/test.jsonl")'),
    "split": ((("notes.test", "notes.dev"), ("2 from notes.dev", "2 from notes.test")), "data",
              'rows: source: jsonl("notes/test.jsonl") -> jsonl("notes/dev.jsonl")'),
    "part": ((("data    = notes.test", "data    = notes.test.holdout(5, seed: 1)"),), "data",
             "rows: part added: Part(count: 5, seed: 1, held: true)"),
    "keep": ((("  columns {", '  split test where id in json("ids.json")\n  columns {'),), "data",
             'rows: keep added: [id in json("ids.json")]'),
    "column": ((('note = "text"', 'note = "body"'),), "call", 'column note: "text" : text -> "body" : text'),
    "reader": ((("via plain", "via letter"),), "score", "reader: "),
    "gold": ((("gold    = gold", "gold    = other"),), "score", 'gold: "gold" : Finding -> "other" : Finding'),
    "metric added": ((("primary accuracy   macro_f1", "primary accuracy   macro_f1   accuracy as again"),),
                     "score", "metric again added: accuracy("),
    "metric removed": ((("primary accuracy   macro_f1", "primary accuracy"), (", macro_f1", "")),
                       "score", "metric macro_f1 removed: macro_f1("),
    "metric order": ((("primary accuracy   macro_f1", "macro_f1   primary accuracy"),),
                     "score", "metrics: their order changed"),
    "metric label": ((("  macro_f1 }", "  macro_f1 as f }"),), "report", "metric macro_f1 is called f"),
    "primary": ((("primary accuracy   macro_f1", "accuracy   primary macro_f1"),), "report", "primary: accuracy -> macro_f1"),
    "unread policy": ((("decode  {", 'unread  = skip\n  waive W0509 because "as published"\n  decode  {'),),
                      "score", 'unread: "worst" -> "skip"'),
    "waiver": ((("decode  {", 'unread  = skip\n  waive W0509 because "as published"\n  decode  {'),),
               "report", "waive W0509 added: as published"),
    "license": ((('"mit"', '"cc-by-4.0"'),), "report", 'license notes: "mit" -> "cc-by-4.0"'),
    "doc": ((("Is the finding there?", "Whether it is there."),), "cosmetic", "doc"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_named_with_its_class(case):
    changes, kind, what = CASES[case]
    found = of(diff(state(), state(*changes)), "finding")
    assert found.mark == "~"
    assert any(one.kind == kind and one.what.startswith(what) for one in found.changes), found.changes
    assert found.needs == (2 if found.kind in ("score", "call", "data") else None)
    assert found.reuses_replies is (found.kind == "score")


@pytest.mark.parametrize("case", CASES)
def test_the_class_is_what_the_hashes_say(case):
    """A change of a hash is at least of that hash's class, and no lesser change moves one."""
    old, new = state().tasks["spec.finding"], state(*CASES[case][0]).tasks["spec.finding"]
    found = of(diff(state(), state(*CASES[case][0])), "finding")
    assert (old.call_hash != new.call_hash) is any(one.kind in ("call", "data") for one in found.changes)
    assert (old.score_hash != new.score_hash) is any(one.kind == "score" for one in found.changes)


@pytest.mark.parametrize("case", CASES)
def test_a_lock_explains_as_much_as_the_spec_it_was_written_for(case):
    if case == "doc":
        pytest.skip("docs are not in the lock")
    changes = CASES[case][0]
    assert diff(from_text(to_text(state())), state(*changes)) == diff(state(), state(*changes))


@pytest.mark.parametrize("case", CASES)
def test_a_plan_explains_as_much_as_its_spec(case):
    """Whatever the passes made of it, and although it lies in a file."""
    plan = optimise(lower(spec_of(BASE), ["ward"]))
    old = state_of_plan(from_json(to_json(plan)))
    new = state(*CASES[case][0])
    found, whole = of(diff(old, new), "finding"), of(diff(state(), new), "finding")
    assert [one for one in whole.changes if one.kind != "cosmetic"] == list(found.changes)


def test_nothing_is_found_where_nothing_changed():
    found = diff(state(), state())
    assert {one.mark for one in found} == {"="} and not any(one.changes for one in found)
    assert diff_text(found) == "= finding @1, second @1, ward @1\nnothing changed"
    plan = state_of_plan(optimise(lower(spec_of(BASE), ["ward"])))
    assert {one.mark for one in diff(plan, state())} == {"="}


@pytest.mark.parametrize(
    "changes",
    [
        (("## Notes of a ward.", "# a comment"),),
        (("prompt ask(", "prompt put("), ("= ask", "= put")),
        (("note: text, site: text", "words: text, site: text"), ("{{ note }}", "{{ words }}"), ("= ask", "= ask(words: note)")),
        (("manner", "way"),),
        (("max_tokens = 8", "max_tokens  =  8"),),
    ],
    ids=["comment", "name of a prompt", "name of a parameter", "name of a phrase", "space"],
)  # fmt: skip
def test_what_has_no_meaning_is_no_change(changes):
    assert of(diff(state(), state(*changes)), "finding").mark == "="


def test_lines_of_a_text_that_changed():
    found = of(diff(state(), state(("Is it there?", "Look twice.\n    Is it here?"))), "finding")
    (change,) = found.changes
    assert change.removed == ("Is it there? Answer in one word.",)
    assert change.added == ("Look twice.", "Is it here? Answer in one word.")


def test_a_task_that_is_new_gone_or_renamed():
    renamed = diff(state(), state(("second", "other_gold")))
    (one,) = [one for one in renamed if one.mark != "=" and not one.is_suite]
    assert (one.mark, one.name, one.old_name, one.needs) == (">", "other_gold", "second", None)
    assert one.changes[0].what == "was called second"
    fewer = (("task second @1 = finding { override gold = other }", ""), ("weight 2   second", "weight 2"))
    assert of(diff(state(), state(*fewer)), "second").mark == "-"
    assert of(diff(state(*fewer), state()), "second").mark == "+"


def test_a_version_that_rose_with_the_meaning_is_enough():
    found = of(diff(state(), state(("a careful", "a quick"), ("finding @1", "finding @2"))), "finding")
    assert (found.before, found.after, found.needs) == (1, 2, None)
    assert "finding @1 -> @2  call" in diff_text([found]) and "has @2" in diff_text([found])
    alone = of(diff(state(), state(("finding @1", "finding @2"))), "finding")
    assert (alone.mark, alone.changes) == ("~", ())
    assert "version only" in diff_text([alone])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ((("weight 2", "weight 3"),), "weight of finding: 2 -> 3"),
        ((("weight 2   second", "weight 2"),), "task second removed"),
        ((("weighted_mean()", "mean()"),), "aggregate overall: "),
        ((("aggregate overall = weighted_mean()", ""),), "aggregate overall removed: "),
        ((("0.95", "0.9"),), "interval: "),
    ],
    ids=["weight", "member", "method", "aggregate", "interval"],
)  # fmt: skip
def test_changes_of_a_suite_are_for_reports(changes, what):
    found = of(diff(state(), state(*changes)), "ward")
    assert found.mark == "~" and found.kind == "report" and found.needs is None
    assert any(one.what.startswith(what) for one in found.changes)
    assert {one.mark for one in diff(state(), state(*changes)) if one.name == "finding"} == {"="}


def test_data_and_shots_are_compared_where_both_are_known():
    def with_data(digest, shots):
        known = state()
        tasks = {
            name: attrs.evolve(t, data={"notes/test.jsonl": digest}, shots=shots) for name, t in known.tasks.items()
        }
        return attrs.evolve(known, tasks=tasks)

    old, new = with_data("a" * 64, ("1", "2")), with_data("b" * 64, ("2", "1"))
    found = of(diff(old, new), "finding")
    assert [(one.kind, one.what) for one in found.changes] == [
        ("data", "file notes/test.jsonl: sha256 aaaaaaaaaaaa -> bbbbbbbbbbbb"),
        ("call", "shots picked: 1, 2 -> 2, 1"),
    ]
    assert found.needs == 2
    assert of(diff(old, state()), "finding").mark == "="


def test_a_part_nobody_has_words_for_is_named():
    old = state()
    task = attrs.evolve(
        old.tasks["spec.finding"], call_hash="0", call={**old.tasks["spec.finding"].call, "frames": "1"}
    )
    (change,) = of(diff(old, attrs.evolve(old, tasks={**old.tasks, "spec.finding": task})), "finding").changes
    assert (change.kind, change.what) == ("call", "frames changed")
    task = attrs.evolve(old.tasks["spec.finding"], score_hash="0")
    (change,) = of(diff(old, attrs.evolve(old, tasks={**old.tasks, "spec.finding": task})), "finding").changes
    assert change.kind == "score" and "another version of medspec" in change.what


def test_a_metric_that_became_another_under_its_name():
    old = state()
    task = old.tasks["spec.finding"]
    words = {**task.words, "metric.accuracy": task.words["metric.accuracy"].replace("version 1", "version 2")}
    task = attrs.evolve(task, words=words, score_hash="0", score={**task.score, "metrics": "0"})
    found = of(diff(old, attrs.evolve(old, tasks={**old.tasks, "spec.finding": task})), "finding")
    assert [one.what for one in found.changes] == ["metric accuracy version 1 -> 2"]
    assert "needs @2, replies reused" in diff_text([found])


def test_every_part_of_the_hashes_has_an_evaluator():
    task = state().tasks["spec.finding"]
    assert {*task.call, *task.score} <= {part for evaluator in CHANGES for part in evaluator.parts}
    assert all(evaluator.kind in CLASSES for evaluator in CHANGES)


def test_the_text_has_a_legend_and_the_json_too(golden):
    from pathlib import Path

    changes = (("a careful", "a careful, concise"), ("weight 2", "weight 3"), ("override gold = other", ""))
    found = diff(state(), state(*changes))
    golden(Path(__file__).parent / "golden" / "diff.txt", diff_text(found) + "\n")
    assert as_json(found)["legend"]["marks"] == MARKS
    assert [task["needs"] for task in as_json(found)["tasks"]] == [2, 2]


JUDGED = '''edition 2026
import std.metrics { mean }
record Row { id : text  question : text  gold : text }
dataset questions : Row { source = jsonl("q.jsonl")  splits = [test]  license = "mit" }
prompt tell(question: text) { user "{{ question }}" }
model judge_lm { artifact = onnx("judges/judge-8b")  context = 8192 }
prompt grade(question: text, expected: text, given: text) {
  user """
    Question: {{ question }}
    Expected: {{ expected }}
    Given: {{ given }}
    {{ answer_format }}
    """
}
judge graded(question: text, expected: text, given: text) -> score(0..4) {
  model  = judge_lm
  prompt = grade
  repeats = 3
}
task open_questions @1 {
  data   = questions.test
  prompt = tell
  answer text via plain
  metrics { primary mean(graded(question, gold, answer)) as quality }
}
'''


def test_a_judge_that_changed_is_named_and_replies_are_reused():
    def judged(*changes):
        text = JUDGED
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return state_of_spec(spec_of(text))

    changes = (("Expected: {{", "The right answer: {{"), ("repeats = 3", "repeats = 5"), ("judge-8b", "judge-9b"))
    found = of(diff(judged(), judged(*changes)), "open_questions")
    assert found.reuses_replies and found.needs == 2
    said = {one.what: (one.removed, one.added) for one in found.changes}
    assert said.pop("judge graded, user turn 1, line 2: text changed") == (
        ("Expected: {{ expected }}",),
        ("The right answer: {{ expected }}",),
    )
    assert said.pop("judge graded, repeats: 3 -> 5")
    assert said.pop("judge graded, quorum: 2 -> 3"), "more than half of the repeats, unless said otherwise"
    (model,) = said
    assert model.startswith("judge graded, model: ") and "judge-8b" in model and "judge-9b" in model
    # A judge by another name is the same judge.
    assert of(diff(judged(), judged(("graded", "marked"))), "open_questions").mark == "="
    assert diff(from_text(to_text(judged())), judged(*changes)) == diff(judged(), judged(*changes))
