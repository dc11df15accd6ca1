"""Tasks with parameters: checked where they are written, once, and again only for what a use can get wrong."""

from __future__ import annotations

import pytest
from planned_specs import changed, plan_of, spec_of

from medspec.check import check_text

SPEC = """edition 2026
import std.metrics { accuracy, macro_f1 }
record Row { id : text   note : text   options : text[2..4]   gold : choice of options   other : choice of options }
record Line { id : text   gold : bool }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [dev, test]
  split test where id in json("ids.json")  split dev where id not in json("ids.json") }
dataset lines : Line { source = jsonl("lines.jsonl")  splits = [test] }
prompt ask(note: text, about: text, count: int) { user "{{ about }} {{ count }} {{ note }} {{ answer_format }}" }
task base(rows: rows<Row>, about: text, count: int = 3, warmth: float = 0.5) {
  data    = rows
  prompt  = ask(about: about, count: count)
  answer  choice of options via letter
  decode  { temperature = warmth  max_tokens = count }
  metrics { primary accuracy }
}
task one = base(exam.test, about: "hearts")
task two = base(rows: exam.dev, about: "lungs", count: 7, warmth: 0)
"""


def titles(text: str) -> list[str]:
    return [f"{one.code} {one.title}" for one in check_text(text).diagnostics if one.is_error]


def test_what_is_given_and_what_is_left_out() -> None:
    plan = plan_of(SPEC, "one", "two")
    assert [(call.decode.temperature, call.decode.max_tokens) for call in plan.calls] == [(0.5, 3), (0.0, 7)]
    texts = [str(render.turns[0].pieces[0]) for render in plan.renders]
    assert texts == ["Text(text='hearts 3 ')", "Text(text='lungs 7 ')"]
    assert [scan.split for scan in plan.scans] == ["test", "dev"]


def test_a_template_is_no_task() -> None:
    spec = spec_of(SPEC)
    assert list(spec.tasks) == ["spec.one", "spec.two"] and list(spec.templates) == ["spec.base"]
    assert spec.templates["spec.base"].parameters == (
        ("rows", "rows<Row>"),
        ("about", "text"),
        ("count", "int"),
        ("warmth", "float"),
    )


# A mistake in the template itself, and what is said: once, though two tasks are made from it.
IN_THE_TEMPLATE = {
    ("via letter", "via leter"): "E0201 cannot find a reader named `leter`",
    ("primary accuracy }\n}", "primary accurracy }\n}"): "E0201 cannot find a metric named `accurracy`",
    ("primary accuracy }\n}", "accuracy }\n}"): "E0504 no metric is primary",
    ("about: about", "abuot: about"): "E0211 the prompt `ask` has no parameter `abuot`",
    ("count: count)", "count: counts)"): "E0408 `Row` has no field `counts`",
    ("about: about,", "about: count,"): 'E0301 `about` needs a text ("...")',
    ("max_tokens = count", "max_tokens = about"): "E0301 `max_tokens` needs a whole number",
    ("answer  choice of options", "answer  choice of option"): "E0303 there is no field `option` to choose from",
    ("data    = rows", "data    = row"): "E0201 cannot find a dataset named `row`",
    ("data    = rows\n", ""): "E0210 `base` does not say its `data`",
    ("rows: rows<Row>", "rows: rows<Rwo>"): "E0201 cannot find a record named `Rwo`",
    ("about: text, count: int =", "about: txt, count: int ="): "E0201 cannot find a type named `txt`",
    ("count: int =", "count: text[] ="): "E0301 a task cannot take `text[]`",
}


@pytest.mark.parametrize(("edit", "expected"), IN_THE_TEMPLATE.items())
def test_a_mistake_in_a_template_is_told_once(edit: tuple[str, str], expected: str) -> None:
    found = titles(changed(SPEC, edit))
    assert found[0] == expected and len(found) == 1


def test_a_parameter_has_a_name_of_its_own() -> None:
    text = changed(SPEC, ("base(rows: rows<Row>", "base(exam: rows<Row>"), ("data    = rows", "data    = exam"))
    assert titles(text) == ["E0206 the parameter `exam` hides a declaration"]


# A mistake in a use of the template: told there.
IN_A_USE = {
    'base(exam.test, about: "hearts")': {
        "base(exam.test)": "E0211 `base` needs `about`",
        'base(exam.test, about: "a", abuot: "b")': "E0211 `base` has no parameter `abuot`",
        'base(exam.test, "a", about: "b")': "E0211 `about` is given twice",
        'base(exam.test, about: "a", count: 1.5)': "E0301 `count` needs a whole number",
        "base(exam.test, about: 4)": 'E0301 `about` needs a text ("...")',
        'base(exam.train, about: "a")': "E0602 `exam` has no split `train`",
        'base(exam, about: "a")': "E0602 rows are named by a split",
        'base(lines.test, about: "a")': "E0301 `rows` needs rows of `Row`",
        'base("exam.test", about: "a")': "E0301 rows are named `DATASET.SPLIT`",
        'base(exam.test, "a", 1, 0.5, 9)': "E0211 one argument too many",
        'bas(exam.test, about: "a")': "E0201 cannot find a task named `bas`",
        'base(exam.test, about: "a", count: 0)': "E0301 `max_tokens` is at least 1",
    }
}


@pytest.mark.parametrize("use", IN_A_USE['base(exam.test, about: "hearts")'])
def test_a_mistake_in_a_use_is_told_there(use: str) -> None:
    ((sound, wrong),) = IN_A_USE.items()
    assert titles(changed(SPEC, (sound, use))) == [wrong[use]]


OVERRIDE = 'task three = base(exam.test, about: "hearts") { CLAUSE }\n'


def test_a_change_replaces_the_whole_clause() -> None:
    clauses = "override decode { max_tokens = 9 }  override metrics { primary macro_f1  accuracy }"
    plan = plan_of(SPEC + OVERRIDE.replace("CLAUSE", clauses), "three")
    (call,) = plan.calls
    # What the new clause does not say is the default again, not what the base said.
    assert (call.decode.temperature, call.decode.max_tokens) == (0.0, 9)
    assert [(score.label, score.primary) for score in plan.tasks[0].scores] == [("macro_f1", True), ("accuracy", False)]


def test_a_change_of_a_change() -> None:
    text = SPEC + OVERRIDE.replace("CLAUSE", "override answer choice of options via likelihood")
    text += "task four = three { override data = exam.dev }\n"
    plan = plan_of(text, "four")
    assert (plan.scans[0].split, plan.reads[0].reader.name) == ("dev", "likelihood")


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("override gold = other", "E0208 `override gold`, but the base does not set `gold`"),
        ("override anwser bool via plain", None),
        ("override unread = skip", "E0208 `override unread`, but the base does not set `unread`"),
        ("override data = exam.dev  override data = exam.test", "E0207 `data` is set twice in this task"),
        ("override answer bool via plain", "E0305 answer and reference have different types"),
        ("override metrics { primary accuracy  accuracy }", "E0505 two metrics are named `accuracy`"),
        ("data = exam.dev", "E0208 `data` is set by the base"),
        ("metrics { primary accuracy }", "E0208 `metrics` is set by the base"),
    ],
)
def test_changes_that_are_refused(clause: str, expected: str | None) -> None:
    found = titles(SPEC + OVERRIDE.replace("CLAUSE", clause))
    assert len(found) == 1 and (expected is None or found == [expected])


def test_a_task_that_is_no_template_takes_no_arguments() -> None:
    assert titles(SPEC + "task three = one(exam.test)\n") == ["E0211 `one` is no template"]
