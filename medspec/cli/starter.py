"""The files of a first project: a spec with rows of its own that compiles, passes `medspec test` and runs.

All rows are invented. The prompt is one the demonstration model of this repository was trained on, so that its first run
gives more than chance.
"""

from __future__ import annotations

import json

NAME = "bedside_notes"

_ROWS = (
    (
        "A 61-year-old woman comes with a cut hand. She has given up smoking. She denies fever.",
        "Is smoking still an issue?",
        "no",
    ),
    (
        "A 34-year-old man comes with ear pain. He admits to smoking. His sister has asthma.",
        "Is smoking still an issue?",
        "yes",
    ),
    (
        "A 70-year-old man comes with a tooth ache. He complains of headache. Alcohol continues.",
        "Does the patient have fever?",
        "maybe",
    ),
    (
        "A 45-year-old woman comes with a sprained ankle. She denies vomiting. She is allergic to codeine.",
        "Is there an allergy to codeine?",
        "yes",
    ),
    (
        "A 28-year-old woman comes with a cough. She has no known allergy to penicillin. The glucose is normal.",
        "Is there an allergy to penicillin?",
        "no",
    ),
    (
        "A 52-year-old man comes with back pain. His mother has migraine. There is no cough.",
        "Is the patient known to have epilepsy?",
        "maybe",
    ),
)

SETTINGS = f"""\
# What `medspec compile` and `medspec run` do when they are told nothing.
specs = "specs"
suite = "{NAME}"
# Invented replies, to see that all is in place. Then try builtin:quickstart, or onnx:path/to/a/model.
model = "mock:?replies=yes|no|maybe"
"""

SPEC = f'''\
edition 2026

import std.metrics {{ accuracy, macro_f1 }}

## What can be said of a note.
enum Decision {{
  yes
  no
  maybe
}}

## A note, and a question about it. The answer is in the data under "answer".
record NoteRow {{
  id       : text
  note     : text
  question : text
  gold     : Decision
}}

## Invented notes; no line is about a person.
dataset notes : NoteRow {{
  source  = jsonl("{NAME}.jsonl")
  splits  = [test]
  license = "cc0-1.0"
  columns {{ gold = "answer" }}
}}

## The parameters are filled from the fields of the same names.
prompt ask(note: text, question: text) {{
  user """
    Note: {{{{ note }}}}
    Question: {{{{ question }}}}
    Reply yes, no, or maybe if the note does not say.
    Answer:
    """
}}

## The answer is the case that the model finds most likely. Its version rises when its meaning changes.
task by_likelihood @1 {{
  data    = notes.test
  prompt  = ask
  answer  Decision via likelihood
  metrics {{ primary accuracy   macro_f1 }}
}}

## The same questions, the answer read from what the model writes.
task by_text @1 = by_likelihood {{
  override answer Decision via plain
}}

## What `medspec run` runs.
suite {NAME} @1 {{
  tasks {{
    by_likelihood
    by_text
  }}
  aggregate overall = mean()
}}

example by_text "a word with a full stop is read" {{
  row    = {{ note = "He denies fever."  question = "Does the patient have fever?"  gold = no }}
  reply  = "No."
  expect = {{ answer = no  accuracy = 1.0 }}
}}

example by_likelihood "the likeliest case is the answer" {{
  row    = {{ note = "He denies fever."  question = "Does the patient have fever?"  gold = no }}
  reply  = [-4.0, -1.0, -3.0]
  expect = {{ answer = no  accuracy = 1.0 }}
}}
'''

IGNORED = "# What medspec builds, and what it keeps of its runs.\n/target/\n/runs/\n"


def starter_files() -> dict[str, str]:
    """The text of each file by its path in the new project."""
    rows = [
        {"id": f"note-{number}", "note": note, "question": question, "answer": answer}
        for number, (note, question, answer) in enumerate(_ROWS, start=1)
    ]
    return {
        "medspec.toml": SETTINGS,
        f"specs/{NAME}.medspec": SPEC,
        f"specs/{NAME}.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
    }
