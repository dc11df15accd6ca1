"""`letter` on replies recorded elsewhere: it reads the letter others read, reads more, and guesses nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.types import ChoiceType

DATA = Path(__file__).parents[2] / "../shared/data"
INSPECT = DATA / "peer_oracle/inspect_pubmedqa_choice.jsonl"
MEDQA = DATA / "medqa_usmle_4opt"

LETTER = find_reader("letter")
assert LETTER is not None


def lines_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read(reply: str, options: list[str]) -> str:
    """The letter that was read, or the reason why none was."""
    found = LETTER.decode(reply, ChoiceType("options"), {"options": options}, {})
    return found.reason if isinstance(found, Unread) else "ABCDE"[found]


@pytest.mark.skipif(not INSPECT.is_file(), reason="needs shared/data/peer_oracle")
def test_240_replies_that_another_parser_read() -> None:
    """Wherever inspect_ai's parser accepted a letter, ours is the same: no exception was needed."""
    seen = lines_of(INSPECT)
    found = [(row, read(row["output"], ["yes", "no", "maybe"])) for row in seen]
    theirs = [(row, ours) for row, ours in found if row["parsed"]]
    assert len(seen) == 240
    assert len(theirs) == 140
    assert [row["output"] for row, ours in theirs if ours != row["parsed"]] == []

    # Ten each of: "The answer is A", "A", "ANSWER: $ A", "ANSWER: yes", "ANSWER: A because the trial was positive.",
    # "\\boxed{A}", and a full-width colon. Theirs counts all of them wrong.
    more = [(row, ours) for row, ours in found if not row["parsed"] and len(ours) == 1]
    assert Counter(row["form"] for row, _ in more) == dict.fromkeys((10, 11, 15, 16, 17, 20, 21), 10)
    assert [row["output"] for row, ours in more if ours != ("A" if row["form"] == 16 else row["intended"])] == []

    unread = Counter((row["form"], ours) for row, ours in found if len(ours) > 1)
    assert unread == {(12, "ambiguous"): 10, (22, "empty"): 10, (23, "not_an_option"): 10}


@pytest.mark.skipif(not MEDQA.is_dir(), reason="needs shared/data/medqa_usmle_4opt")
def test_1273_replies_of_gpt_35() -> None:
    """The strict JSON letter is what we read in every reply that has one; of the others few stay unread, none is guessed.

    MIRAGE's own parser counts 826 right on the same replies. It differs from ours in seven rows, and each of them is a
    guess: six replies that name no option, or "A/B", which it takes for "A" where A happens to be the gold, and one
    "B. ... or C. ...", of which it takes the first.
    """
    rows = lines_of(MEDQA / "phrases_no_exclude_test.jsonl")
    replies = lines_of(MEDQA / "predictions_gpt-35-turbo-16k_cot.jsonl")
    strict = right_strict = right = 0
    unread: Counter[str] = Counter()
    guessed_right: list[str] = []
    for row, recorded in zip(rows, replies, strict=True):
        reply = recorded["outputs"][0] if recorded["outputs"] else ""
        ours = read(reply, list(row["options"].values()))
        right += ours == row["answer_idx"]
        letter = strict_letter(reply)
        if letter is not None:
            strict += 1
            right_strict += letter == row["answer_idx"]
            assert ours == letter, recorded["id"]
        if len(ours) > 1:
            unread[ours] += 1
            if row["answer_idx"] == "A" or (recorded["id"], row["answer_idx"]) == ("0893", "B"):
                guessed_right.append(recorded["id"])
    assert (strict, right_strict) == (987, 640)
    assert unread == {"no_letter": 20, "ambiguous": 6, "empty": 6}
    assert right == 819
    assert guessed_right == ["0402", "0580", "0592", "0893", "1066", "1235", "1247"]
    assert right + len(guessed_right) == 826


@pytest.mark.skipif(not MEDQA.is_dir(), reason="needs shared/data/medqa_usmle_4opt")
def test_recorded_json_replies_have_their_answer_in_one_field() -> None:
    """`json(field: "answer_choice")` reads the letter of every reply that has one as strict JSON does, and more of the others."""
    reader, settings = find_reader("json"), {"field": "answer_choice"}
    assert reader is not None
    rows, replies = (
        lines_of(MEDQA / name) for name in ("phrases_no_exclude_test.jsonl", "predictions_gpt-35-turbo-16k_cot.jsonl")
    )
    counted: Counter[str] = Counter()
    right = strict = 0
    for row, recorded in zip(rows, replies, strict=True):
        reply = recorded["outputs"][0] if recorded["outputs"] else ""
        found = reader.decode(reply, ChoiceType("options"), {"options": list(row["options"].values())}, settings)
        counted["read" if isinstance(found, int) else found.reason] += 1
        right += isinstance(found, int) and "ABCD"[found] == row["answer_idx"]
        if (letter := strict_letter(reply)) is not None:
            assert isinstance(found, int) and "ABCD"[found] == letter, recorded["id"]
            strict += letter == row["answer_idx"]
    assert strict == 640, "the figure of the peer's strict reading"
    assert counted == {"read": 1236, "no_letter": 20, "empty": 6, "ambiguous": 6, "not_json": 5}
    assert right == 815


def strict_letter(reply: str) -> str | None:
    """The letter of a reply that is JSON, with an `answer_choice` that is just one."""
    try:
        letter = json.loads(reply)["answer_choice"]
    except (ValueError, KeyError, TypeError):
        return None
    return letter if letter in ("A", "B", "C", "D") else None
