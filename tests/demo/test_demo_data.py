"""The demonstration data: the files are what the script writes, and no test row is a training row."""

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from medspec.demo.facts import TOPICS
from medspec.demo.make_data import DEMO_TASKS, SPLITS, main, make_files
from medspec.demo.notes import make_note
from medspec.demo.options import FACTS, make_question
from medspec.demo.triage import COMPLAINTS, SIGNS, level_of, make_triage

DATA = Path(__file__).parents[2] / "specs" / "quickstart" / "data"
FILES = [f"{stem}_{split}.jsonl" for stem in ("note", "fact", "triage") for split in ("train", "test")]
SEEN = {"note": ("note", "finding"), "fact": ("question", "options"), "triage": ("presentation",)}
TASKS = pytest.mark.parametrize("task", DEMO_TASKS, ids=lambda task: task.stem)


def rows_of(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def seen_text(stem: str, row: dict) -> str:
    return json.dumps([row[field] for field in SEEN[stem]])


def test_the_files_are_what_the_script_writes():
    written = make_files()
    assert sorted(written) == sorted(FILES)
    for name, content in written.items():
        assert (DATA / name).read_bytes() == content, f"{name}: run python -m medspec.demo.make_data"


def test_the_command_writes_them(tmp_path, capsys):
    main([str(tmp_path / "new")])
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(FILES)
    assert "240 rows" in capsys.readouterr().out


@TASKS
def test_files_are_balanced_and_ids_unique(task):
    for split in SPLITS:
        rows = rows_of(f"{task.stem}_{split}.jsonl")
        assert len(rows) == 240
        assert set(Counter(row["answer"] for row in rows).values()) == {240 // len(task.golds)}
        assert len({row["id"] for row in rows}) == 240
        assert len({seen_text(task.stem, row) for row in rows}) == 240
        assert all(row["id"].startswith("invented-") for row in rows)


@TASKS
def test_nothing_the_trainer_can_make_is_a_test_row(task):
    test = {seen_text(task.stem, row) for row in rows_of(f"{task.stem}_test.jsonl")}
    assert not test & {seen_text(task.stem, row) for row in rows_of(f"{task.stem}_train.jsonl")}
    rng = random.Random(5)
    for number in range(4000):
        row = task.make(rng, task.golds[number % len(task.golds)], held_out=False)
        assert seen_text(task.stem, row) not in test


def test_no_fact_is_asked_in_the_same_words_in_both():
    rng = random.Random(6)
    asked = {row["question"] for row in rows_of("fact_test.jsonl")}
    assert not asked & {make_question(rng, "A", held_out=False)["question"] for _ in range(4000)}


def test_every_fact_can_be_learned():
    rng = random.Random(7)
    asked = {
        make_question(rng, "A", held_out=False, fact=number)["question"]
        for number in range(len(FACTS))
        for _ in range(40)
    }
    for topic in TOPICS:
        for subject, _ in topic.facts:
            assert sum(wording.format(subject) in asked for wording in topic.wordings) == len(topic.wordings) - 1


def test_no_pair_of_complaint_and_sign_is_in_both():
    rng = random.Random(8)
    pairs: dict[bool, set[tuple[str, str]]] = {False: set(), True: set()}
    for _ in range(3000):
        for held_out in pairs:
            text = make_triage(rng, rng.choice(("immediate", "urgent", "soon", "routine")), held_out=held_out)
            pairs[held_out].add(pair_of(text["presentation"]))
    assert pairs[True] and not pairs[True] & pairs[False]


def pair_of(presentation: str) -> tuple[str, str]:
    low = presentation.lower()
    complaint = next(text for group in COMPLAINTS.values() for text in group if text in low)
    signs = (text for group in SIGNS.values() for text in group)
    return complaint, next(sign for sign in signs if sign.replace("{P} ", "").lower() in low)


@pytest.mark.parametrize(
    ("complaint", "sign", "level"),
    [
        ("chest pain", "It has not changed.", "urgent"),
        ("chest pain", "{P} cannot stand up.", "immediate"),
        ("dry skin", "The lips are blue.", "immediate"),
        ("dry skin", "It is getting better.", "routine"),
        ("a wet cough", "It is getting better.", "routine"),
        ("a wet cough", "{P} has a high fever.", "urgent"),
        ("a deep cut", "The pain is one of ten.", "soon"),
    ],
)
def test_the_made_up_rule(complaint, sign, level):
    assert level_of(complaint, sign) == level


def test_a_note_says_what_its_answer_claims():
    """Read with a regular expression, not with the code that wrote the note."""
    rng = random.Random(9)
    for number in range(600):
        answer = ("yes", "no", "maybe")[number % 3]
        row = make_note(rng, answer, held_out=number % 2 == 0)
        found = re.findall(rf"(with|without) {row['finding']}\b", row["note"])
        assert {"yes": ["with"], "no": ["without"], "maybe": []}[answer] == found, row
