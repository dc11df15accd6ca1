"""Short invented presentations with a triage level, by a made-up rule that no one should use.

    level = level of the complaint, moved by one sign        an alarm sign makes every complaint immediate

Test rows hold pairs of complaint and sign that no other row holds, so the level must be worked out and not looked up.
"""

from __future__ import annotations

import random

from medspec.demo.notes import article

LEVELS = ("immediate", "urgent", "soon", "routine")
"""Most urgent first; the names of the enum cases in the spec. The model writes them with a capital letter."""

HELD_OUT_EVERY = 5

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "urgent": (
        "chest pain", "breathlessness", "a sudden severe headache", "strong belly pain", "a racing heart", "a deep cut",
        "a broken arm",
    ),
    "soon": (
        "a painful ear", "burning urine", "a wet cough", "loose stools", "a hot swollen knee", "low back pain",
        "a spreading rash",
    ),
    "routine": (
        "dry skin", "a blocked nose", "an ingrown toenail", "a small wart", "mild hay fever", "a stiff neck", "a cold sore",
    ),
}  # fmt: skip

SIGNS: dict[str, tuple[str, ...]] = {
    "alarm": (
        "The lips are blue.", "{P} cannot be woken.", "{P} is too short of breath to speak.", "{P} is having a fit.",
        "The blood pressure is very low.",
    ),
    "worse": (
        "It is getting worse by the hour.", "{P} cannot stand up.", "{P} keeps no fluids down.", "The pain is nine of ten.",
        "{P} has a high fever.",
    ),
    "none": (
        "It has not changed.", "{P} feels much the same.", "There is nothing else.", "{P} has had this before.",
        "All else is normal.",
    ),
    "better": (
        "It is getting better.", "It has almost gone.", "{P} went to work today.", "The pain is one of ten.",
        "{P} feels well again.",
    ),
}  # fmt: skip

_SHIFT = {"worse": -1, "none": 0, "better": 1}

ASIDES = (
    "{P} lives alone.", "{P} has two cats.", "{P} came by bus.", "{P} works in a bakery.", "{P} is worried.",
    "The lips are pink.", "{P} is awake.", "A friend came along.", "{P} speaks in full sentences.",
)  # fmt: skip

DURATIONS = ("one hour", "two hours", "one day", "two days", "three days", "one week", "two weeks", "one month")

OPENINGS = (
    "{a} {age}-year-old {person} has had {complaint} for {duration}.",
    "{complaint} for {duration} in {a} {age}-year-old {person}.",
    "{person}, {age} years old, with {complaint} for {duration}.",
)


def level_of(complaint: str, sign: str) -> str:
    """The triage level of a complaint with a sign, both worded as in the tables above."""
    kind = next(kind for kind, signs in SIGNS.items() if sign in signs)
    if kind == "alarm":
        return "immediate"
    base = next(level for level, complaints in COMPLAINTS.items() if complaint in complaints)
    place = LEVELS.index(base) + _SHIFT[kind]
    return LEVELS[min(max(place, 0), len(LEVELS) - 1)]


def _pairs(level: str, *, held_out: bool) -> list[tuple[str, str]]:
    complaints = [complaint for group in COMPLAINTS.values() for complaint in group]
    signs = [sign for group in SIGNS.values() for sign in group]
    return [
        (complaint, sign)
        for row, complaint in enumerate(complaints)
        for column, sign in enumerate(signs)
        if level_of(complaint, sign) == level and ((row + column) % HELD_OUT_EVERY == 0) is held_out
    ]


_PAIRS = {(level, held_out): _pairs(level, held_out=held_out) for level in LEVELS for held_out in (False, True)}


def make_triage(rng: random.Random, gold: str, *, held_out: bool) -> dict[str, str | int]:
    """A row with the fields `presentation`, `answer` (equal to `gold`), `sex` and `age`."""
    complaint, sign = rng.choice(_PAIRS[gold, held_out])
    age = rng.randrange(18, 96)
    sex = rng.choice(("woman", "man"))
    opening = rng.choice(OPENINGS).format(
        a=article(f"{age}-"), age=age, person=sex, complaint=complaint, duration=rng.choice(DURATIONS)
    )
    parts = [sign, rng.choice(ASIDES)]
    rng.shuffle(parts)
    pronoun = "She" if sex == "woman" else "He"
    text = " ".join(part[0].upper() + part[1:] for part in (opening, *(p.replace("{P}", pronoun) for p in parts)))
    return {"presentation": text, "answer": gold, "sex": sex, "age": age}
