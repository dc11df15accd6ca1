"""The trainer's prompts and replies are the very texts medspec sends and reads."""

import json
from pathlib import Path

import pytest

from medspec.api import compile_specs
from medspec.demo.make_data import DEMO_TASKS, make_rows
from medspec.demo.prompts import task_texts
from medspec.readers import find_reader
from medspec.run.calls import requests_of
from medspec.run.roots import DataRoots
from medspec.run.scan import read_scan

SPECS = Path(__file__).parents[2] / "specs"

NOTE = """\
Note: A 40-year-old woman comes after a fall, without fever.
Is there fever? Reply yes, no, or maybe if the note does not say.
The note says of fever:"""

FACT = """\
Question: Who treats diseases of the skin?
- urologist
- dermatologist
- neurologist
- hepatologist
Answer:"""

TRIAGE = """\
Presentation: Dry skin for one day in a 30-year-old man.
Reply with Immediate, Urgent, Soon or Routine.
Level:"""

ROWS = {
    "note_question": {
        "note": "A 40-year-old woman comes after a fall, without fever.",
        "finding": "fever",
        "answer": "no",
    },
    "fact_question": {
        "question": "Who treats diseases of the skin?",
        "options": ["urologist", "dermatologist", "neurologist", "hepatologist"],
        "answer": "B",
    },
    "triage": {"presentation": "Dry skin for one day in a 30-year-old man.", "answer": "routine"},
}


@pytest.fixture(scope="module")
def texts():
    return task_texts()


@pytest.fixture(scope="module")
def plan():
    return compile_specs([SPECS / "quickstart"], "quickstart", root=SPECS)


@pytest.mark.parametrize(
    ("task", "prompt", "reply"),
    [("note_question", NOTE, " no"), ("fact_question", FACT, " dermatologist"), ("triage", TRIAGE, " Routine")],
)
def test_prompts_letter_by_letter(texts, task, prompt, reply):
    assert texts[task].prompt(ROWS[task]) == prompt
    assert texts[task].reply(ROWS[task]) == reply


@pytest.mark.parametrize("task", DEMO_TASKS, ids=lambda task: task.stem)
def test_prompts_of_the_files_are_those_of_a_run(texts, plan, task):
    node = plan.task(task.name)
    call, scan, use = plan.call(node.call), plan.scan(node.scan), plan.read(node.read).reader
    rows = read_scan(scan, DataRoots.of([]))
    requests = list(requests_of(plan, call, rows, node.name))
    assert len(requests) == task.rows
    reader = find_reader(use.name)
    for request, raw, row in zip(requests, make_rows(task, "test"), rows.rows, strict=True):
        assert request.row == raw["id"]
        assert request.plain_prompt == texts[task.name].prompt(raw)
        reply, gold = texts[task.name].reply(raw), row[node.gold]
        if request.options is not None:
            places = [place for place, option in enumerate(request.options) if option == reply]
            scores = [float(place in places) for place in range(len(request.options))]
            assert reader.decode_scores(scores, use.answer, row, dict(use.settings)) == gold
        else:
            assert reader.decode(reply, use.answer, row, dict(use.settings)) == gold


def test_the_examples_of_the_spec_are_answered_in_the_form_the_model_learns():
    """The reply written in the spec begins with a space, as the model's do."""
    text = (SPECS / "quickstart" / "quickstart.medspec").read_text(encoding="utf-8")
    written = [json.loads(line.split("=", 1)[1]) for line in text.splitlines() if line.strip().startswith('reply  = "')]
    assert written == [" Routine"]
