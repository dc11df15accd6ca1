"""`likelihood`: what is scored, and which option wins."""

from __future__ import annotations

import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.types import BooleanType, ChoiceType, EnumCase, EnumType

DATA = Path(__file__).parents[2] / "../shared/data"
ORACLE = DATA / "peer_oracle"

READER = find_reader("likelihood")
assert READER is not None and READER.continuations is not None and READER.decode_scores is not None
DEFAULTS = {entry.name: entry.default for entry in READER.settings}

CHOICE = ChoiceType("options")
ROW = {"options": ["Gout", "Septic arthritis", "Élan"]}
TRIAGE = EnumType("Triage", (EnumCase("red", "Immediate"), EnumCase("amber", "Urgent")))


def test_the_defaults_are_a_space_the_text_and_no_normalisation() -> None:
    assert DEFAULTS == {"score": "text", "before": " ", "normalise": "none"}
    assert READER.asks == "logits"
    assert READER.offers == {"confidence"}


@pytest.mark.parametrize(
    ("type_", "settings", "expected"),
    [
        (CHOICE, {}, (" Gout", " Septic arthritis", " Élan")),
        (CHOICE, {"score": "letter"}, (" A", " B", " C")),
        (CHOICE, {"score": "letter", "before": "\n"}, ("\nA", "\nB", "\nC")),
        (TRIAGE, {"before": ""}, ("Immediate", "Urgent")),
        (BooleanType(), {}, (" yes", " no")),
        (BooleanType(), {"score": "letter"}, (" A", " B")),
    ],
)
def test_what_is_scored(type_: Any, settings: dict[str, str], expected: tuple[str, ...]) -> None:
    assert READER.continuations(type_, ROW, DEFAULTS | settings) == expected


@pytest.mark.parametrize(
    ("scores", "normalise", "expected"),
    [
        ([-1.0, -2.0, -3.0], "none", 0),
        ([-3.0, -1.0, -1.0], "none", 1),  # a tie goes to the first
        ([-math.inf, -9.0, -math.inf], "none", 1),
        ([0, -1, -2], "none", 0),
        # "Gout" has 4 characters, "Septic arthritis" 16, "Élan" 4 in 5 bytes; the space before is not counted.
        ([-4.0, -15.9, -4.0], "characters", 1),
        ([-4.0, -16.1, -4.0], "characters", 0),
        ([-4.1, -17.0, -5.0], "characters", 0),
        ([-4.1, -17.0, -5.0], "bytes", 2),
    ],
)
def test_the_likeliest_option_wins(scores: list[float], normalise: str, expected: int) -> None:
    assert READER.decode_scores(scores, CHOICE, ROW, DEFAULTS | {"normalise": normalise}) == expected


def test_values_are_those_of_the_type() -> None:
    assert READER.decode_scores([-2.0, -1.0], TRIAGE, {}, DEFAULTS) == "amber"
    assert READER.decode_scores([-2.0, -1.0], BooleanType(), {}, DEFAULTS) is False
    assert READER.decode_scores([-1.0, -1.0], BooleanType(), {}, DEFAULTS) is True


def test_an_empty_option_and_half_a_character_are_no_fault() -> None:
    row = {"options": ["", "\ud83d"]}
    for normalise in ("none", "characters", "bytes"):
        assert READER.decode_scores([-1.0, -9.0], CHOICE, row, DEFAULTS | {"normalise": normalise}) == 0


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([math.nan, -1.0, -2.0], "not_a_number"),
        ([-1.0, -2.0, math.nan], "not_a_number"),
        ([-math.inf] * 3, "not_a_number"),
        ([math.inf, -1.0, -1.0], "not_a_number"),
        ([-1.0, -2.0], "wrong_count"),
        ([], "wrong_count"),
    ],
)
def test_scores_that_cannot_be_compared_are_unread(scores: list[float], reason: str) -> None:
    found = READER.decode_scores(scores, CHOICE, ROW, DEFAULTS)
    assert isinstance(found, Unread)
    assert found.reason == reason


def test_text_is_not_read() -> None:
    assert READER.decode("A", CHOICE, ROW, DEFAULTS) == Unread("needs_scores", "A")


def test_a_27th_option_has_no_letter() -> None:
    row = {"options": [str(number) for number in range(27)]}
    assert len(READER.continuations(CHOICE, row, DEFAULTS)) == 27
    with pytest.raises(ValueError, match="27 options"):
        READER.continuations(CHOICE, row, DEFAULTS | {"score": "letter"})


def hash_score(context: str, continuation: str) -> float:
    """The stand-in model of shared/data/peer_oracle, as its README gives it."""
    digest = sha256((context + "\x1f" + continuation).encode()).hexdigest()
    return -(int(digest[:8], 16) / 2**32 * 10) - 0.001


@pytest.mark.skipif(not ORACLE.is_dir(), reason="needs shared/data/peer_oracle and shared/data/medqa_usmle_4opt")
def test_1273_choices_of_lm_evaluation_harness() -> None:
    """Continuations, choice, accuracy and length-normalised accuracy are theirs for every question."""
    with (DATA / "medqa_usmle_4opt/phrases_no_exclude_test.jsonl").open(encoding="utf-8") as file:
        questions = [json.loads(line) for line in file]
    with (ORACLE / "lm_eval_medqa_4options_0shot.jsonl").open(encoding="utf-8") as file:
        theirs = [json.loads(line) for line in file]
    settings = DEFAULTS | {"score": "letter"}
    for question, expected in zip(questions, theirs, strict=True):
        shown = "".join(f"{letter}. {text}\n" for letter, text in question["options"].items())
        prompt = f"Question: {question['question']}\n{shown}Answer:"
        assert sha256(prompt.encode()).hexdigest() == expected["prompt_sha256"]
        row = {"options": list(question["options"].values())}
        options = READER.continuations(CHOICE, row, settings)
        assert list(options) == expected["continuations"]
        scores = [hash_score(prompt, option) for option in options]
        for normalise, accuracy in (("none", "acc"), ("characters", "acc_norm")):
            found = READER.decode_scores(scores, CHOICE, row, settings | {"normalise": normalise})
            assert float(found == expected["target"]) == expected[accuracy]
        assert READER.decode_scores(scores, CHOICE, row, settings) == expected["pred"]


@pytest.mark.skipif(not ORACLE.is_dir(), reason="needs shared/data/peer_oracle and shared/data/pubmedqa")
def test_500_decisions_of_lm_evaluation_harness() -> None:
    rows = json.loads((DATA / "pubmedqa/ori_pqal.json").read_text(encoding="utf-8"))
    decision = EnumType("Decision", tuple(EnumCase(name, name) for name in ("yes", "no", "maybe")))
    with (ORACLE / "lm_eval_pubmedqa_0shot.jsonl").open(encoding="utf-8") as file:
        theirs = [json.loads(line) for line in file]
    right = 0
    for expected in theirs:
        row = rows[expected["id"]]
        context = "\n".join(row["CONTEXTS"])
        prompt = f"Abstract: {context}\nQuestion: {row['QUESTION']}\nAnswer:"
        assert sha256(prompt.encode()).hexdigest() == expected["prompt_sha256"]
        options = READER.continuations(decision, {}, DEFAULTS)
        assert list(options) == expected["continuations"]
        found = READER.decode_scores([hash_score(prompt, option) for option in options], decision, {}, DEFAULTS)
        assert decision.index_of(found) == expected["pred"]
        right += found == row["final_decision"]
    assert right / len(theirs) == 0.33
