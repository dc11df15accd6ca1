"""A tree of specs as large as the largest peer's catalogue: how long checking takes, cold and after one edit.

    python perf/large_tree.py [--modules 1000] [--tasks 13]

Writes the tree into a temporary folder, runs `medspec check` on it in fresh processes, and prints wall time and the
largest memory. Cold: the parse cache is empty. Warm: it was filled by the run before. Edited: one declaration of one
module was changed in between.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TEMPLATE = """\
edition 2026

import std.metrics {{ accuracy, macro_f1 }}
import shared.rows {{ McqRow, ask }}

## Area {number}.
dataset area_{number} : McqRow {{
  source  = jsonl("area_{number}/{{split}}.jsonl")
  splits  = [dev, test]
  license = "mit"
}}

## Questions of area {number}.
task mcq_{number}(rows: rows<McqRow>, topic: text) {{
  data    = rows
  prompt  = ask(topic: topic)
  answer  choice of options via likelihood(score: letter)
  metrics {{ primary accuracy   macro_f1 }}
}}
"""

SHARED = """\
edition 2026

## A question with its options.
record McqRow {
  id       : text
  question : text
  options  : text[2..10]
  gold     : choice of options
}

prompt ask(topic: text, question: text, options: text[2..10]) {
  user \"\"\"
    The following are questions about {{ topic }}.

    {{ question | trim }}
    {% for option in options %}
    {{ loop.index0 | letter }}. {{ option }}
    {% endfor %}
    Answer:
    \"\"\"
}
"""


COMMANDS = ("lock", "lock --check", "ls specs", "ls --select area_7_3", "ls --select +area_7_3", "ls --select mcq_7+")
"""Timed once each: they read every module anew."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=13)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--commands", nargs="*", default=COMMANDS, help="commands to time once after the checks")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_tree(root / "specs", asked.modules, asked.tasks)
        print(f"{asked.modules:,} modules, {asked.modules * asked.tasks:,} tasks")
        bare = statistics.median(timed([sys.executable, "-c", "pass"], root)[0] for _ in range(asked.runs))
        for name in ("cold", "warm", "edited"):
            figures = [one(root, name, number) for number in range(asked.runs)]
            seconds = statistics.median(seconds for seconds, _ in figures)
            memory = max(memory for _, memory in figures)
            print(f"{name:<7} {seconds:7.2f} s   {seconds / bare:6.0f} x python -c pass   {memory:6.0f} MB")
        for words in asked.commands:
            seconds, memory = timed([sys.executable, "-m", "medspec", *words.split()], root)
            print(f"{words:<40} {seconds:7.2f} s   {seconds / bare:6.0f} x python -c pass   {memory:6.0f} MB")


def one(root: Path, name: str, number: int) -> tuple[float, float]:
    """Seconds and megabytes of one check."""
    cache = root / "cache"
    if name == "cold" and cache.exists():
        subprocess.run(["rm", "-rf", str(cache)], check=True)
    if name == "edited":
        path = root / "specs" / "area" / "module_0007.medspec"
        path.write_text(re.sub(r'topic: "topic 3[^"]*"', f'topic: "topic 3, edit {number}"', path.read_text()))
    return timed([sys.executable, "-m", "medspec", "check", "specs"], root)


def timed(command: list[str], root: Path) -> tuple[float, float]:
    before = time.perf_counter()
    environment = {**os.environ, "XDG_CACHE_HOME": str(root / "cache")}
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    output, _ = process.communicate()
    seconds = time.perf_counter() - before
    if process.returncode != 0:
        raise SystemExit(output.decode()[:2000])
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def write_tree(specs: Path, modules: int, tasks: int) -> None:
    (specs / "shared").mkdir(parents=True)
    (specs / "area").mkdir()
    (specs / "shared" / "rows.medspec").write_text(SHARED)
    for number in range(modules):
        text = TEMPLATE.format(number=number)
        for task in range(tasks):
            text += f'task area_{number}_{task} @1 = mcq_{number}(area_{number}.test, topic: "topic {task}")\n'
        (specs / "area" / f"module_{number:04}.medspec").write_text(text)


if __name__ == "__main__":
    main()
