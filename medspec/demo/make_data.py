"""Write the demonstration data of the quickstart suite.

    python -m medspec.demo.make_data [FOLDER]        default: specs/quickstart/data

The bytes depend on this package alone: the same script writes the same files everywhere. All text is invented.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from medspec.demo.notes import ANSWERS, make_note
from medspec.demo.options import LETTERS, make_question
from medspec.demo.triage import LEVELS, make_triage

DATA_FOLDER = Path(__file__).parents[2] / "specs" / "quickstart" / "data"
SEED = 20260101
SPLITS = ("train", "test")


@attrs.frozen(kw_only=True)
class DemoTask:
    """One task: its name in the spec, its file stem, the possible golds, how a row is made, how many rows a file holds."""

    name: str
    stem: str
    golds: tuple[str, ...]
    make: Callable[..., dict[str, Any]]
    rows: int


DEMO_TASKS: tuple[DemoTask, ...] = (
    DemoTask(name="note_question", stem="note", golds=ANSWERS, make=make_note, rows=240),
    DemoTask(name="fact_question", stem="fact", golds=LETTERS, make=make_question, rows=240),
    DemoTask(name="triage", stem="triage", golds=LEVELS, make=make_triage, rows=240),
)


def text_of(row: dict[str, Any]) -> str:
    """What makes a row that row: every text the model can see, in a fixed order, without id and gold."""
    seen = {name: value for name, value in row.items() if name not in ("id", "answer", "topic", "age", "sex")}
    return json.dumps(seen, sort_keys=True)


def make_rows(task: DemoTask, split: str) -> list[dict[str, Any]]:
    """The rows of one file: golds in turn, so they are balanced, then shuffled; no text twice."""
    rng = random.Random(f"{SEED} {task.stem} {split}")
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    while len(rows) < task.rows:
        row = task.make(rng, task.golds[len(rows) % len(task.golds)], held_out=split == "test")
        if text_of(row) not in seen:
            seen.add(text_of(row))
            rows.append(row)
    rng.shuffle(rows)
    return [{"id": f"invented-{task.stem}-{split}-{number:03d}", **row} for number, row in enumerate(rows, start=1)]


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    """One JSON object a line, UTF-8, a line feed at the end of every line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def make_files() -> dict[str, bytes]:
    """Every data file: its name and its bytes."""
    return {f"{task.stem}_{split}.jsonl": as_jsonl(make_rows(task, split)) for task in DEMO_TASKS for split in SPLITS}


def main(arguments: list[str]) -> None:
    """Write the files into the folder named first, or into the project's own."""
    folder = Path(arguments[0]) if arguments else DATA_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in make_files().items():
        (folder / name).write_bytes(content)
        print(f"{folder / name}: {len(content.splitlines()):,} rows, {len(content):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
