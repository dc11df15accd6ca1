"""What a benchmark gives to the page of reproduced figures, and how its part is written.

A benchmark is `Benchmark(title, needs, rows, notes)`: `rows(data, work)` runs specs on the recorded data below `data` and
gives one `Figure` per line; files it has to make go into the folder `work`. It runs medspec as a person does, see `run`.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).resolve().parents[2]


@attrs.frozen(kw_only=True)
class Figure:
    """One line of a table: what was measured, what was published, and what we get.

    `within` is how far a figure may be off that was computed from rounded ones. `error` says why a published figure is
    known to be wrong.
    """

    of: str
    published: str
    ours: float
    within: float = 0.0
    error: str = ""

    @property
    def shown(self) -> str:
        """Our figure with as many digits as were published."""
        return f"{self.ours:.{len(self.published.partition('.')[2])}f}"

    @property
    def verdict(self) -> str:
        """`equal`, `within rounding`, what is wrong with the published figure, or `**not equal**`."""
        if self.shown == self.published:
            return "equal"
        off = self.ours - float(self.published)
        if abs(off) <= self.within:
            return "within rounding"
        return f"{self.error}: off by {off:+.2f}" if self.error else "**not equal**"


@attrs.frozen(kw_only=True)
class Benchmark:
    """`needs` are folders and files below the data folder; `notes` is the text under the table."""

    title: str
    needs: tuple[str, ...]
    rows: Callable[[Path, Path], Iterable[Figure]]
    notes: str = ""


def section(benchmark: Benchmark, data: Path, work: Path) -> str:
    """The part of the page about one benchmark."""
    figures = list(benchmark.rows(data, work))
    lines = [f"## {benchmark.title}", "", "| figure | published | medspec | |", "|---|---:|---:|---|"]
    lines += [f"| {one.of} | {one.published} | {one.shown} | {one.verdict} |" for one in figures]
    verdicts = [one.verdict for one in figures]
    near, wrong = verdicts.count("within rounding"), verdicts.count("**not equal**")
    counts = f"{len(figures)} figures: {verdicts.count('equal')} equal"
    counts += f", {near} within rounding" * bool(near) + f", {wrong} not equal" * bool(wrong)
    known = len(figures) - verdicts.count("equal") - near - wrong
    lines += ["", counts + f", {known} known to be wrong as published" * bool(known) + "."]
    return "\n".join([*lines, *(["", benchmark.notes.strip()] if benchmark.notes.strip() else []), ""])


def run(task: str, *arguments: str | Path, out: Path) -> dict[str, Any]:
    """`medspec run TASK ... --out OUT` in the project's folder, and the report it leaves."""
    _say("run", task, *arguments, "--out", out, "--format", "json", "--quiet")
    found: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    return found


def agreement(labels: Path, *arguments: str | Path) -> dict[str, Any]:
    """What `medspec judge agreement LABELS ...` finds."""
    found: dict[str, Any] = json.loads(_say("judge", "agreement", labels, *arguments, "--format", "json"))
    return found


def _say(*arguments: str | Path) -> str:
    """What a medspec command prints when it is run in the project's folder."""
    from medspec.cli.app import main

    said, complained = io.StringIO(), io.StringIO()
    words = [str(argument) for argument in arguments]
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        try:
            main(words)
        except SystemExit as end:
            if end.code:
                raise RuntimeError(f"medspec {' '.join(words)}: {complained.getvalue()}") from None
    return said.getvalue()


def answers(out: Path) -> Iterator[dict[str, Any]]:
    """The rows of a run, in order."""
    import polars as pl

    yield from pl.read_parquet(out / "rows.parquet").iter_rows(named=True)
