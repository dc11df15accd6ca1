"""What the demonstration model is trained on: rows like those of the training files, made as they are needed.

No test row is among them: test rows are made with `held_out=True`, and `held_out=False` never gives one of those.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from medspec.demo.make_data import DEMO_TASKS, DemoTask
from medspec.demo.prompts import TaskText

Lesson = tuple[str, str]
"""A prompt, and the reply to learn."""

SHARES = {"note_question": 128, "fact_question": 16, "triage": 12}
"""Lessons of each task in one step of training."""


def make_lessons(rng: random.Random, texts: Mapping[str, TaskText], task: DemoTask) -> list[Lesson]:
    """The lessons of one task for one step."""
    golds = [task.golds[number % len(task.golds)] for number in range(SHARES[task.name])]
    rows = [task.make(rng, gold, held_out=False) for gold in golds]
    return [(texts[task.name].prompt(row), texts[task.name].reply(row)) for row in rows]


def sample_texts(texts: Mapping[str, TaskText], *, rounds: int, seed: int) -> list[str]:
    """Prompts with their replies, for the tokenizer to learn its words from."""
    rng = random.Random(f"{seed} tokenizer")
    lessons = [lesson for _ in range(rounds) for task in DEMO_TASKS for lesson in make_lessons(rng, texts, task)]
    return [prompt + reply for prompt, reply in lessons]
