"""Pieces of modules that several codes share, so that each example differs from a sound spec in one place only."""

from __future__ import annotations

METRICS = "import std.metrics { accuracy }"

EXAM = """
record Question {
  id      : text
  stem    : text
  options : text[2..5]
  gold    : choice of options
}

dataset exam : Question {
  source  = jsonl("exam/{split}.jsonl")
  splits  = [dev, test]
  license = "mit"
}
"""

ASK = '''
prompt ask(stem: text, options: text[]) {
  user """
    {{ stem }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    {{ answer_format }}
    """
}
'''

NOTES = """
enum Decision { yes  no  maybe }

record Note {
  id   : text
  note : text
  gold : Decision
}

dataset notes : Note {
  source  = jsonl("notes/{split}.jsonl")
  splits  = [dev, test]
  license = "cc-by-4.0"
}
"""

READ = '''
prompt read(note: text) {
  user """
    {{ note }}
    Follow-up needed? {{ answer_format }}
    """
}
'''

FOLLOW_UP = """
task follow_up @1 {
  data   = notes.test
  prompt = read
  answer Decision via letter
  metrics { primary accuracy }
}
"""

LETTERS = """
task exam_letters @1 {
  data   = exam.test
  prompt = ask
  answer choice of options via letter
  metrics { primary accuracy }
}
"""

MEAN = "import std.metrics { mean }"

QUESTIONS = """
record Question {
  id       : text
  question : text
  gold     : text
}

dataset questions : Question {
  source  = jsonl("questions/{split}.jsonl")
  splits  = [dev, test]
  license = "mit"
}
"""

TELL = """
prompt tell(question: text) { user "{{ question }}" }
"""

JUDGE = '''
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
}
'''

JUDGED = """
task open_questions @1 {
  data   = questions.test
  prompt = tell
  answer text via plain
  metrics { primary mean(graded(question, gold, answer)) as quality }
}
"""

PARTS = (METRICS, EXAM, ASK, NOTES, READ, FOLLOW_UP, LETTERS, MEAN, QUESTIONS, TELL, JUDGE, JUDGED)
"""All of them. `medspec explain CODE` leaves out what both examples share from here."""
