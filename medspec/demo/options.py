"""Four-option questions over the facts in `facts`.

Every fact is asked in four wordings. Test rows ask it in the one wording that no other row uses for it, so no test
question stands among the training rows; the facts themselves do, else no model could know them.
"""

from __future__ import annotations

import random
from typing import Any

from medspec.demo.facts import TOPICS

LETTERS = ("A", "B", "C", "D")

FACTS = tuple((topic, subject, answer) for topic in TOPICS for subject, answer in topic.facts)
"""Every (topic, subject, answer)."""


def make_question(rng: random.Random, gold: str, *, held_out: bool, fact: int | None = None) -> dict[str, Any]:
    """A row with the fields `question`, `options` (four), `answer` (the letter `gold`) and `topic`.

    `fact` picks a fact by its number (modulo their count); by default one is drawn.
    """
    number = (rng.randrange(len(FACTS)) if fact is None else fact) % len(FACTS)
    topic, subject, answer = FACTS[number]
    reserved = number % len(topic.wordings)
    wordings = [text for place, text in enumerate(topic.wordings) if (place == reserved) is held_out]
    options = rng.sample([other for other in topic.answers if other != answer], len(LETTERS) - 1)
    options.insert(LETTERS.index(gold), answer)
    return {
        "question": rng.choice(wordings).format(subject),
        "options": options,
        "answer": gold,
        "topic": topic.name,
    }
