"""What the path of a run costs around the model: the model `hash`, which costs nothing, as a whole process.

    python perf/run_path.py [--rows 20000] [--rounds 3] [--large 2000000] [--format json]

Five-shot items with four options of invented words, about 700 characters each. Beside it stands a process that imports torch and
torchmetrics and does nothing: macro F1 is not computed without them, and what they cost is not ours to save. `first` asks and
computes everything; `again` is the same run into another folder beside it, which takes replies and scores over; both with accuracy
alone and with macro F1 too. `--large` runs as many short items without shots, for memory.
Seconds are medians; CPU seconds are those to compare on a machine that does other things too.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs
from measuring import Taken, median, process, write_bytecode

SPEC = '''edition 2026
import std.metrics { accuracyIMPORTED }
record Row { id : text   question : text   options : text[2..4]   gold : choice of options }
dataset exam : Row { source = jsonl("exam_{split}.jsonl")  splits = [dev, test] }
prompt ask(question: text, options: text[2..4]) {
  user """
  Question: {{ question }}
  {% for option in options %}
  {{ loop.index0 | letter }}. {{ option }}
  {% endfor %}
  Answer:
  """
}
task mcq @1 {
  data    = exam.test
  prompt  = ask
  answer  choice of options via likelihood(score: letter)
SHOTS  metrics { primary accuracyMORE }
}
'''
METRICS = {"accuracy": "", "macro F1": "  macro_f1"}
SHOTS = "  shots   5 from exam.dev { pick = first }\n"
IMPORTS = "import polars, torch, torchmetrics"


def write_items(folder: Path, rows: int, words: int) -> int:
    """Make the two splits; returns the bytes of the scored one."""
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    known = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(5000)]

    def text(count: int) -> str:
        return " ".join(rng.choices(known, k=count))

    for split, count in (("dev", 5), ("test", rows)):
        with (folder / f"exam_{split}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(count):
                options = [text(max(1, words // 10)) for _ in range(4)]
                line = {"id": f"{split}-{number}", "question": f"{text(words)}?", "options": options}
                file.write(json.dumps({**line, "gold": rng.randrange(4)}) + "\n")
    return (folder / "exam_test.jsonl").stat().st_size


def write_spec(file: Path, metrics: str, shots: str) -> None:
    imported = f", {more.strip()}" if (more := METRICS[metrics]) else ""
    file.write_text(SPEC.replace("SHOTS", shots).replace("MORE", more).replace("IMPORTED", imported), encoding="utf-8")


def medspec(folder: Path, out: str, *, fresh: bool) -> Taken:
    """One run of the spec in `folder` into `out`; with `fresh` nothing is taken over."""
    run = [sys.executable, "-m", "medspec", "run", "mcq.medspec", "--model", "hash", "--data", "..", "--out", out, "-q"]
    return process([*run, "--fresh"] if fresh else run, folder)


def measure(rows: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_items(folder, rows, 65)
        taken: dict[str, list[Taken]] = {"imports": []}
        for metrics in METRICS:
            (folder / metrics).mkdir()
            write_spec(folder / metrics / "mcq.medspec", metrics, SHOTS)
        for number in range(rounds):
            taken["imports"].append(process([sys.executable, "-c", IMPORTS], folder))
            for metrics in METRICS:
                for what, out in (("first", f"out{number}/first"), ("again", f"out{number}/again")):
                    found = medspec(folder / metrics, out, fresh=what == "first")
                    taken.setdefault(f"{metrics}, {what}", []).append(found)
        log = sum(file.stat().st_size for file in (folder / "accuracy/out0/first").iterdir())
    return {
        "rows": rows,
        "data": data,
        "log": log,
        **{what: attrs.asdict(median(found)) for what, found in taken.items()},
    }


def measure_large(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_items(folder, rows, 20)
        (folder / "large").mkdir()
        write_spec(folder / "large" / "mcq.medspec", "macro F1", "")
        found = medspec(folder / "large", "out", fresh=True)
        log = sum(file.stat().st_size for file in (folder / "large/out").iterdir())
    return {"rows": rows, "data": data, "log": log, "macro F1, first": attrs.asdict(found)}


def show(found: dict[str, Any]) -> None:
    rows, imports = found["rows"], found.get("imports")
    print(f"{rows:,} rows, {found['data'] / 1e6:,.0f} MB")
    print(
        f"{'':<16} {'seconds':>8} {'CPU':>8} {'beyond imports':>15} {'rows a CPU second':>18} {'MB':>7} {'beyond':>7}"
    )
    for what, one in found.items():
        if not isinstance(one, dict):
            continue
        cells = f"{what:<16} {one['seconds']:>8.1f} {one['cpu']:>8.1f}"
        if what != "imports":
            own = one["cpu"] - imports["cpu"] if imports else one["cpu"]
            more = one["memory"] - imports["memory"] if imports else one["memory"]
            cells += f" {own:>15.1f} {rows / one['cpu']:>18,.0f} {one['memory']:>7,.0f} {more:>7,.0f}"
        else:
            cells += f" {'':>15} {'':>18} {one['memory']:>7,.0f}"
        print(cells.rstrip())
    print(f"the log is {found['log'] / found['data']:.2f} times the data\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args()
    write_bytecode()
    results = [measure(given.rows, given.rounds)]
    if given.large:
        results.append(measure_large(given.large))
    if given.format == "json":
        print(json.dumps(results, indent=2))
        return
    for found in results:
        show(found)


if __name__ == "__main__":
    main()
