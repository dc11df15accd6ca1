"""One run over very many rows, with a model that costs nothing: `python many_rows.py FOLDER ROWS`.

Prints one JSON object: rows, seconds, the largest memory of the process in megabytes, the bytes of the run's folder, and the score
beside the one that is known from how the rows were made.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Reply, Request, sha256_of
from medspec.plan.nodes import Plan
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

SPEC = """edition 2026
import std.metrics { accuracy }
record Row { id : text   question : text   options : text[4..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
prompt ask(question: text) { user "{{ question }}" }
task many { data = exam.test  prompt = ask  answer choice of options via letter  metrics { primary accuracy } }
"""
STEP = 7919
"""Rows whose number is a multiple of it get another reply, so that a row that is lost or moved changes the score."""


@attrs.frozen
class Constant:
    """A model that says A, and B to some rows."""

    digest: str = sha256_of("a model that costs nothing")
    abilities: Abilities = Abilities(text=True)

    def describe(self) -> dict[str, Any]:
        return {"backend": "constant"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            prompt = request.plain_prompt
            number = int(prompt.rsplit(" ", 1)[1].rstrip("?"))
            yield index, Reply(prompt_sha256=sha256_of(prompt), text="B" if number % STEP == 0 else "A")

    def close(self) -> None:
        pass


def write_data(file: Path, rows: int) -> int:
    """Write the rows; gives how many of them are answered right."""
    file.parent.mkdir(parents=True)
    right = 0
    with file.open("w", encoding="utf-8") as stream:
        for number in range(rows):
            gold = number % 4
            right += gold == (1 if number % STEP == 0 else 0)
            row = f'{{"id": "r{number}", "question": "Which of them is number {number}?", "options": ["w", "x", "y", "z"], '
            stream.write(f'{row}"gold": {gold}}}\n')
    return right


def main(folder: Path, rows: int) -> dict[str, Any]:
    from planned_specs import plan_of

    plan: Plan = plan_of(SPEC, "many")
    right = write_data(folder / "data" / "exam.jsonl", rows)
    out, began = folder / "run", time.monotonic()
    report = execute(plan, Constant(), model="constant", out=out, roots=DataRoots(given=(folder / "data",)))
    seconds = time.monotonic() - began
    task = report["tasks"]["many"]
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "rows": task["rows"],
        "seconds": round(seconds, 1),
        "rows per second": round(rows / seconds),
        "peak memory in MB": round(peak / 1e6),
        "data in MB": round((folder / "data" / "exam.jsonl").stat().st_size / 1e6),
        "run folder in MB": round(sum(file.stat().st_size for file in out.iterdir()) / 1e6),
        "right": round(task["metrics"]["accuracy"]["value"] * rows),
        "right by construction": right,
    }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
