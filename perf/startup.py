"""How long the commands that people type all day take to start, against Python itself.

    python perf/startup.py [--rounds 15] [--format json]

Each round runs every command once, in turn, so that a busy moment of the machine hits all of them. The number that counts is
the ratio of the medians: it moves little from machine to machine. Below it stands how fast prompts are built.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = "python -c pass"


def commands(scratch: Path) -> dict[str, list[str]]:
    """What is timed. All of them work on this repository's own specs."""
    medspec = [sys.executable, "-m", "medspec"]
    return {
        BASELINE: [sys.executable, "-c", "pass"],
        "medspec --help": [*medspec, "--help"],
        "medspec check specs": [*medspec, "check", str(ROOT / "specs")],
        "medspec compile clinical_qa": [*medspec, "compile", "clinical_qa", "--out", str(scratch)],
    }


def time_once(command: list[str]) -> float:
    """Wall-clock seconds of one process. Raises when the command fails: a fast failure is no result."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each command, and how many times Python's own start that is."""
    with tempfile.TemporaryDirectory() as scratch:
        timed = commands(Path(scratch))
        for command in timed.values():
            # Not counted: bytecode is written, and files get into the page cache.
            time_once(command)
        seconds: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(rounds):
            for name, command in timed.items():
                seconds[name].append(time_once(command))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        name: {"milliseconds": median * 1000, "ratio": median / medians[BASELINE]} for name, median in medians.items()
    }


JINJA = """Question: {{ question }}
{% for option in options -%}
{{ "ABCD"[loop.index0] }}. {{ option }}
{% endfor -%}
Answer:"""
"""The prompt of the task `medqa`, as a harness would write it."""


def measure_prompts(rows: int, rounds: int) -> dict[str, float]:
    """Prompts a second for four-option questions: what a run does for each row, and Jinja's sandbox on the same template."""
    from jinja2.sandbox import SandboxedEnvironment

    from medspec.check.check import check_paths
    from medspec.plan.lower import lower
    from medspec.plan.optimise import optimise
    from medspec.run.render import turn_maker

    made = [
        {"id": str(row), "question": f"Question {row}: " + "what would you do? " * 40, "gold": 0,
         "options": [f"option {row}, {letter}" for letter in "abcd"]}
        for row in range(rows)
    ]  # fmt: skip
    spec = check_paths([ROOT / "specs" / "text"], root=ROOT / "specs").spec
    ours = turn_maker(optimise(lower(spec, ["medqa"])).renders[0])
    theirs = SandboxedEnvironment().from_string(JINJA)
    assert all(ours(row)[0].text == theirs.render(row) for row in made[:50]), "the two templates must say the same"
    work = {
        "medspec": lambda: [ours(row) for row in made],
        "jinja2 sandbox": lambda: [theirs.render(row) for row in made],
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: rows / statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    results = measure(options.rounds)
    prompts = measure_prompts(2000, options.rounds)
    if options.format == "json":
        print(json.dumps({"start": results, "prompts_per_second": prompts}, indent=2))
        return
    width = max(len(name) for name in results)
    print(f"{'command':<{width}}  {'ms':>6}  {'x python':>8}")
    for name, result in results.items():
        print(f"{name:<{width}}  {result['milliseconds']:>6.0f}  {result['ratio']:>8.1f}")
    print()
    for name, rate in prompts.items():
        print(f"prompts built by {name:<{width - 17}}  {rate:>8,.0f} a second")


if __name__ == "__main__":
    main()
