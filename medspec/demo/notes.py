"""Invented clinical notes with a question that is answered by yes, no or maybe (the note does not say).

A note says what somebody comes with and without. The question asks for one finding, which the note names or leaves out.

    A 63-year-old woman comes after a fall, with fever, without cough.
    Is there fever?                                                        yes
"""

from __future__ import annotations

import random
from typing import Any

ANSWERS = ("yes", "no", "maybe")

FINDINGS = ("cough", "fever", "nausea", "headache", "rash", "vomiting", "dizziness", "itching")
REASONS = ("a fall", "a long flight", "a day at sea", "an accident", "an insect bite", "a walk in the rain")
MOST = 2
"""Findings that one note names, besides the one that is asked for."""


def make_note(rng: random.Random, gold: str, *, held_out: bool) -> dict[str, Any]:
    """A row with the fields `note`, `finding`, `answer` (equal to `gold`), `age` and `sex`.

    Test rows (`held_out`) are of an even age and all others of an odd one, so that no note stands in both.
    """
    asked = rng.choice(FINDINGS)
    others = rng.sample([finding for finding in FINDINGS if finding != asked], rng.randint(1, MOST))
    stated = [f"{rng.choice(('with', 'without'))} {finding}" for finding in others]
    if gold != "maybe":
        stated.append(f"{'with' if gold == 'yes' else 'without'} {asked}")
    rng.shuffle(stated)
    age = rng.randrange(18, 90, 2) + (0 if held_out else 1)
    sex = rng.choice(("woman", "man"))
    person = f"{age}-year-old {sex}"
    opening = f"{article(person).capitalize()} {person} comes after {rng.choice(REASONS)}"
    return {
        "note": f"{', '.join([opening, *stated])}.",
        "finding": asked,
        "answer": gold,
        "age": age,
        "sex": sex,
    }


def article(words: str) -> str:
    """`an` before 8, 18 and 80 to 89, as in `an 18-year-old`, else `a`."""
    return "an" if words.startswith(("8", "18-")) else "a"
