"""The two hashes of a task move with everything that moves what is sent or what is scored, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from planned_specs import changed, plan_of

from medspec.check import check_paths
from medspec.plan.hash import call_hash, plan_hash, score_hash
from medspec.plan.lower import lower

BASE = '''edition 2026
import std.metrics { accuracy, macro_f1 }

enum Word { yes "Yes"  no "No" }

record Row {
  id       : text
  question : text
  notes    : text
  options  : text[2..4]
  hint     : choice of options from letter
  gold     : choice of options from letter
  second   : choice of options from letter
  said     : Word
}

dataset exam : Row {
  source  = jsonl("exam.jsonl")
  splits  = [dev, test]
  license = "mit"
  columns { notes = "body.notes"  gold = "answer" }
  split test where id in json("ids.json")
  split dev  where id not in json("ids.json")
}

prompt ask(question: text, notes: text, options: text[2..4], hint: choice of options, topic: text) {
  system """You know {{ topic }}."""
  user """
    {{ question }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    {{ notes }} {{ hint | letter }}
    {{ answer_format }}
    """
}

task written @1 {
  data    = exam.test
  prompt  = ask(topic: "cardiology")
  answer  choice of options via letter
  decode  { temperature = 0.5  max_tokens = 8  stop = ["."] }
  metrics { primary accuracy  macro_f1 }
}

task likely @1 {
  data    = exam.test
  prompt  = ask(topic: "cardiology")
  answer  choice of options via likelihood
  metrics { primary accuracy }
}

task said @1 {
  data    = exam.test
  prompt  = ask(topic: "cardiology")
  gold    = said
  answer  Word via plain
  metrics { primary accuracy }
}

suite all { tasks { written  likely weight 2  said }  aggregate mean_of_all = mean()  interval = wilson(level: 0.9) }
'''

SOURCE = 'source  = jsonl("exam.jsonl")'

# What is changed, and the edits that do it.
SENT = {
    "the file": [("exam.jsonl", "other.jsonl")],
    "the names of columns without a header": [(SOURCE, 'source  = csv("e.csv", names: ["id", "question"])')],
    "the format of the file": [(SOURCE, 'source  = json("exam.jsonl")')],
    "the place in the document": [(SOURCE, 'source  = json("exam.jsonl", at: "rows")')],
    "which rows belong to the split": [('in json("ids.json")', 'in json("others.json")')],
    "whether they are in the list or not": [("where id in", "where id not in")],
    "no rule for the split": [('split test where id in json("ids.json")', ""), ("exam.jsonl", "{split}.jsonl")],
    "by which field they are chosen": [("where id in", "where notes in"), ("where id not in", "where notes not in")],
    "another split": [("exam.test", "exam.dev")],
    "the column of a field the prompt shows": [("body.notes", "body.text")],
    "the column of options the prompt shows": [("columns {", 'columns { options = "choices" ')],
    "how the data write what the prompt shows": [
        ("hint     : choice of options from letter", "hint     : choice of options from index")
    ],
    "where indexes begin": [("hint     : choice of options from letter", "hint     : choice of options from index(1)")],
    "a word of the prompt": [("You know", "You have studied")],
    "a space of the prompt": [("You know", "You  know")],
    "a line break of the prompt": [("{{ question }}\n", "{{ question }}\n\n")],
    "a role": [("system", "assistant")],
    "a value given to the prompt": [("cardiology", "oncology")],
    "which field fills a parameter": [("ask(topic", "ask(notes: question, topic")],
    "an `if` in the prompt": [("{{ notes }}", "{% if notes %}{{ notes }}{% endif %}")],
    "a filter": [("{{ notes }}", "{{ notes | trim }}")],
}

SENT_WHEN_WRITTEN = {
    "temperature": [("temperature = 0.5", "temperature = 0.7")],
    "the largest number of tokens": [("max_tokens = 8", "max_tokens = 9")],
    "what stops": [('stop = ["."]', 'stop = [".", "\\n"]')],
}

SCORED = {
    "the column of the gold": [('gold = "answer"', 'gold = "solution"')],
    "how the data write the gold": [
        ("gold     : choice of options from letter", "gold     : choice of options from text")
    ],
    "another gold field": [("task written @1 {", "task written @1 {\n  gold    = second")],
    "a metric more": [("metrics { primary accuracy }", "metrics { primary accuracy  macro_f1 }")],
    "a metric less": [("metrics { primary accuracy  macro_f1 }", "metrics { primary accuracy }")],
    "what becomes of unread rows": [("  data    = exam.test", "  data    = exam.test\n  unread  = skip")],
}

NOTHING = {
    "a comment": [("record Row {", "# rows\nrecord Row {  # here")],
    "a doc comment": [
        ("record Row {\n", "## A row.\nrecord Row {\n  ## its id\n"),
        ("task likely", "## Likely.\ntask likely"),
    ],
    "spacing": [("\n  metrics {", "\n\n     metrics\n{"), ("id       :", "id:")],
    "the order of declarations": [
        ('enum Word { yes "Yes"  no "No" }\n', ""),
        ("suite all", 'enum Word { yes "Yes"  no "No" }\nsuite all'),
    ],
    "the name of the prompt": [("prompt ask(", "prompt put("), ("= ask(", "= put(")],
    "the name of the dataset": [("dataset exam", "dataset quiz"), ("exam.test", "quiz.test")],
    "the name of the record": [("record Row", "record Line"), ("exam : Row", "exam : Line")],
    "the name of the enum": [("Word", "Reply")],
    "the name of a parameter": [("topic", "subject")],
    "the name of a parameter that is a field": [
        ("ask(question: text", "ask(stem: text"),
        ("{{ question }}", "{{ stem }}"),
        ("ask(topic", "ask(stem: question, topic"),
    ],
    "the order of parameters": [("question: text, notes: text", "notes: text, question: text")],
    "the name in a loop": [("for option in options", "for entry in options"), ("{{ option }}", "{{ entry }}")],
    "a value written into the prompt": [
        ("{{ topic }}", "cardiology"),
        (", topic: text", ""),
        ('ask(topic: "cardiology")', "ask"),
    ],
    "a default that is written out": [
        ("columns {", 'columns { question = "question" '),
        ("via likelihood", 'via likelihood(before: " ", score: text)'),
    ],
    "the label of a metric": [("primary accuracy", "primary accuracy as acc")],
    "versions of tasks": [("@1", "@2")],
    "weights, aggregates, intervals": [("weight 2", "weight 3"), ("mean()", "worst()"), ("0.9", "0.8")],
    "licence and privacy": [('license = "mit"', 'license = "cc0"\n  private = true')],
    "fields that nobody looks at": [("  said     : Word", "  said     : Word\n  more     : text?")],
}


def hashes(text: str) -> dict[str, tuple[str, str]]:
    """Call hash and score hash of every task, by name."""
    plan = plan_of(text, "all", level=0)
    return {task.name: (task.call_hash, task.score_hash) for task in plan.tasks}


@pytest.fixture(scope="module")
def base() -> dict[str, tuple[str, str]]:
    return hashes(BASE)


@pytest.mark.parametrize("what", SENT)
def test_what_is_sent_moves_every_call_hash(what: str, base: dict[str, tuple[str, str]]) -> None:
    found = hashes(changed(BASE, *SENT[what]))
    assert [found[name][0] == base[name][0] for name in base] == [False] * 3


@pytest.mark.parametrize("what", SENT_WHEN_WRITTEN)
def test_decode_settings_move_the_call_hash_where_text_is_written(what: str, base: dict[str, tuple[str, str]]) -> None:
    found = hashes(changed(BASE, *SENT_WHEN_WRITTEN[what]))
    assert [name for name in base if found[name] != base[name]] == ["written"]
    assert found["written"][1] == base["written"][1]


def test_an_abstention_moves_what_is_sent_and_what_is_scored(base: dict[str, tuple[str, str]]) -> None:
    """The prompt says how to abstain, and the reader reads it; so does another word for it."""
    written, other = (
        hashes(changed(BASE, ("choice of options via letter", f"choice of options or {said} via letter")))
        for said in ("abstain", 'abstain("unclear")')
    )
    for one, before in ((written, base), (other, base), (other, written)):
        assert [name for name in base if one[name] != before[name]] == ["written"]
        assert all(new != old for new, old in zip(one["written"], before["written"], strict=True))


def test_how_data_write_an_abstention_moves_the_score_hash_alone() -> None:
    spec = changed(
        BASE,
        ("choice of options via letter", "choice of options or abstain via letter"),
        ("gold     : choice of options from", "gold     : choice of options or abstain from"),
        ("answer  choice of options via likelihood", "gold = second  answer  choice of options via likelihood"),
    )
    before = hashes(spec)
    found = hashes(changed(spec, ("or abstain from", 'or abstain("none") from')))
    assert [name for name in before if found[name] != before[name]] == ["written"]
    assert found["written"][0] == before["written"][0]


def test_decode_settings_mean_nothing_where_options_are_scored(base: dict[str, tuple[str, str]]) -> None:
    edit = ("via likelihood\n", "via likelihood\n  decode  { temperature = 1  max_tokens = 5 }\n")
    assert hashes(changed(BASE, edit)) == base


@pytest.mark.parametrize("what", SCORED)
def test_what_is_scored_moves_the_score_hash_alone(what: str, base: dict[str, tuple[str, str]]) -> None:
    found = hashes(changed(BASE, *SCORED[what]))
    assert [name for name in base if found[name] != base[name]]
    assert [found[name][0] for name in base] == [base[name][0] for name in base]


@pytest.mark.parametrize("what", NOTHING)
def test_neither_hash_moves_with(what: str, base: dict[str, tuple[str, str]]) -> None:
    text = changed(BASE, *NOTHING[what])
    assert text != BASE
    assert hashes(text) == base


@pytest.mark.parametrize(
    "edit",
    [
        ("via likelihood", "via likelihood(score: letter)"),
        ("via likelihood", 'via likelihood(before: "")'),
        ("via likelihood", "via letter"),
    ],
)
def test_what_is_scored_as_an_option_is_sent_too(edit: tuple[str, str], base: dict[str, tuple[str, str]]) -> None:
    found = hashes(changed(BASE, edit))
    assert found["likely"][0] != base["likely"][0] and found["likely"][1] != base["likely"][1]
    assert {name: found[name] for name in ("written", "said")} == {name: base[name] for name in ("written", "said")}


def test_options_that_only_the_reader_shows_are_sent_too() -> None:
    bare = changed(
        BASE,
        ("\n    {% for option in options %}\n    {{ loop.index0 | letter }}. {{ option }}\n    {% endfor %}", ""),
        ("options: text[2..4], hint: choice of options, ", ""),
        (" {{ hint | letter }}", ""),
    )
    other = changed(bare, ("columns {", 'columns { options = "choices" '))
    before, after = hashes(bare), hashes(other)
    assert before["likely"][0] != after["likely"][0]
    assert before["written"][0] == after["written"][0] and before["said"] == after["said"]


def test_the_format_of_the_answer_is_sent_where_the_prompt_shows_it(base: dict[str, tuple[str, str]]) -> None:
    """A case more: `Answer with one of: Yes, No, Maybe.` stands in the prompt, and the answers are others."""
    more = ('no "No"', 'no "No"  maybe "Maybe"')
    found = hashes(changed(BASE, more))
    assert found["said"][0] != base["said"][0] and found["said"][1] != base["said"][1]
    silent = changed(BASE, ("\n    {{ answer_format }}", ""))
    assert hashes(changed(silent, more))["said"][0] == hashes(silent)["said"][0]


def test_a_task_from_a_template_has_the_hashes_of_the_task_written_out(base: dict[str, tuple[str, str]]) -> None:
    made = changed(
        BASE,
        ('task likely @1 {\n  data    = exam.test\n  prompt  = ask(topic: "cardiology")',
         "task made(from_rows: rows<Row>, about: text) {\n  data    = from_rows\n  prompt  = ask(topic: about)"),
        ("task said", 'task likely @1 = made(exam.test, about: "cardiology")\n\ntask said'),
    )  # fmt: skip
    assert hashes(made) == base


def test_a_plan_moved_to_another_folder_is_the_same_plan() -> None:
    here, there = (plan_of(BASE, "all", path=path) for path in ("spec.medspec", "specs/deep/spec.medspec"))
    assert [task.call_hash for task in here.tasks] == [task.call_hash for task in there.tasks]
    assert plan_hash(here) == plan_hash(there)
    assert plan_hash(here) != plan_hash(plan_of(changed(BASE, ("0.9", "0.8")), "all"))


def test_versions_of_readers_and_metrics_are_scored() -> None:
    """No text can change these: the next version of a reader or metric is another measure."""
    plan = plan_of(BASE, "written", level=0)
    (task,), (scan,), (read,) = plan.tasks, plan.scans, plan.reads
    assert score_hash(task, scan, read) == task.score_hash
    newer_reader = attrs.evolve(read, reader=attrs.evolve(read.reader, version=2))
    newer_metric = attrs.evolve(task, scores=tuple(attrs.evolve(score, version=2) for score in task.scores))
    assert len({score_hash(task, scan, newer_reader), score_hash(newer_metric, scan, read), task.score_hash}) == 3


WRITTEN = ["from letter", "from index", "from index(1)", "from text"]


@pytest.mark.parametrize("left", WRITTEN)
@pytest.mark.parametrize("right", WRITTEN)
def test_rows_read_in_two_ways_are_two_scans(left: str, right: str, tmp_path: Path) -> None:
    """Two datasets of one name over one file: the types of their rows are equal, the rows are not."""
    for name, written in (("left", left), ("right", right)):
        gold = ("gold     : choice of options from letter", f"gold     : choice of options {written}")
        (tmp_path / f"{name}.medspec").write_text(changed(BASE, gold), encoding="utf-8")
    both = "edition 2026\nimport left\nimport right\nsuite both { tasks { left.likely  right.said } }\n"
    (tmp_path / "both.medspec").write_text(both, encoding="utf-8")
    plan = lower(check_paths([tmp_path], root=tmp_path).spec, ["both"])
    assert len(plan.scans) == (1 if left == right else 2)
    assert {scan.dataset for scan in plan.scans} == {"exam"}


def test_hashes_can_be_computed_again_from_the_nodes() -> None:
    """The parts of a hash are kept as data, so that a report can say which of them has moved."""
    plan = plan_of(BASE, "all", level=0)
    for task in plan.tasks:
        scan = plan.scan(task.scan)
        assert call_hash(scan, plan.render(task.render), plan.call(task.call)) == task.call_hash
        assert score_hash(task, scan, plan.read(task.read)) == task.score_hash
