"""The result of a run as a person sees it: a table of tasks, the aggregates, the model, and where the files are.

    Task                  Rows  Unread  Score           95% interval  Further
    pubmedqa_likelihood    500    0.2%  accuracy 0.712  0.671-0.750   macro_f1 0.534

What went wrong on the way (calls that failed, replies that were cut off) has a column when there was any. Where the table
does not fit without cutting a name or a number, each task is a short list. Nothing is computed here: every number is in the
report.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO

from medspec.cli import view_references as references
from medspec.cli.output import is_ascii_only, print_text, wants_colour
from medspec.cli.view_notes import closing_lines, further_numbers
from medspec.cli.view_numbers import interval, number, share
from medspec.text.cells import safe

if TYPE_CHECKING:
    from rich.table import Table

WIDTH_OF_A_FILE = 120
"""Columns when the output is no terminal and `COLUMNS` says nothing."""


def view_report(
    report: Mapping[str, Any], stream: TextIO, *, folder: str | None = None, all_references: bool = False
) -> None:
    """Write the report to `stream`, as wide as its terminal. `folder` is where the run's files are.

    With `all_references` all published figures are shown, however many there are.
    """
    if stream.isatty():
        width = shutil.get_terminal_size().columns
    else:
        width = int(os.environ.get("COLUMNS") or WIDTH_OF_A_FILE)
    colour = wants_colour(stream)
    ascii = is_ascii_only(stream)
    text = report_text(report, width=width, ascii=ascii, colour=colour, folder=folder, all_references=all_references)
    print_text(text, stream, coloured=colour)


def report_text(
    report: Mapping[str, Any],
    *,
    width: int,
    ascii: bool = False,
    colour: bool = False,
    folder: str | None = None,
    all_references: bool = False,
) -> str:
    """The report as text for a screen of `width` columns, with `ascii` without any other letter of our own."""
    tables = (_table(report, ascii=ascii, form=form) for form in _forms(report))
    body = next((text for table in tables if (text := _drawn(table, width=width, colour=colour)) is not None), None)
    if body is None:
        body = "\n\n".join("\n".join(map(safe, _task_list(name, task))) for name, task in report["tasks"].items())
    published = _references(report, width=width, ascii=ascii, colour=colour, folder=folder, all_of_them=all_references)
    below = map(safe, closing_lines(report, folder))
    return "\n".join([body, *map(safe, further_numbers(report)), *published, "", *below])


def _forms(report: Mapping[str, Any]) -> tuple[str, ...]:
    """The forms of the table in the order in which they are tried.

    `columns`: each metric has one, where several tasks all have the same. `folded`: those that are not primary share one.
    `lines`: each has a line.
    """
    labels = {tuple(task["metrics"]) for task in report["tasks"].values()}
    primaries = {task.get("primary") for task in report["tasks"].values()}
    uniform = len(report["tasks"]) > 1 and len(labels) == len(primaries) == 1
    return ("columns", "folded", "lines") if uniform else ("folded", "lines")


def _references(
    report: Mapping[str, Any], *, width: int, ascii: bool, colour: bool, folder: str | None, all_of_them: bool
) -> Iterator[str]:
    """Published figures: all of them where they are few or wanted, else those nearest to what was measured."""
    count = references.count(report)
    if not count:
        return
    yield ""
    if all_of_them:
        yield safe(references.heading(report))
        yield ""
        table = references.full_table(report, ascii=ascii)
        yield _drawn(table, width=width, colour=colour, anyway=True) or ""
    elif count <= references.FEW:
        yield from map(safe, references.sentences(report))
    else:
        run = folder or "RUN"
        yield safe(f"{references.heading(report)}; all {count:,} of them: medspec report {run} --references")
        yield ""
        drawn = _drawn(references.nearest_table(report, ascii=ascii), width=width, colour=colour)
        yield from [drawn] if drawn is not None else map(safe, references.nearest_lines(report))


def _table(report: Mapping[str, Any], *, ascii: bool, form: str) -> Table:
    """One line for each task, or with the form `lines` one for each metric of it; see `_forms`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    tasks = report["tasks"]
    several = max(len(task["metrics"]) for task in tasks.values()) > 1
    troubles = [(key, title) for key, title in _TROUBLES.items() if any(task.get(key) for task in tasks.values())]
    gap = (0, 1, 0, 0) if form == "lines" else (0, 1)
    lines = box.ASCII2 if ascii else box.SIMPLE_HEAD
    table = Table(box=lines, header_style="bold", show_edge=False, pad_edge=False, padding=gap)
    table.add_column("Task", no_wrap=True)
    for title in ("Rows", "Unread", *(title for _, title in troubles)):
        table.add_column(title, justify="right", no_wrap=True)
    primary, others = _metrics(next(iter(tasks.values())))
    in_columns = form == "columns"
    table.add_column(primary[0] if in_columns else "Score", justify="right" if in_columns else "left", no_wrap=True)
    table.add_column(_interval_title(report), no_wrap=True)
    for label, _ in others if in_columns else ():
        table.add_column(label, justify="right", no_wrap=True)
    if form == "folded" and several:
        table.add_column("Further")
    for name, task in tasks.items():
        counts = [name, f"{task['rows']:,}", share(task["unread"]), *(f"{task.get(key, 0):,}" for key, _ in troubles)]
        for cells in _cells(counts, task, form, several=several):
            # Text, not str: a name must not be read as markup.
            table.add_row(*(Text(safe(cell)) for cell in cells))
    return table


def _cells(counts: list[str], task: Mapping[str, Any], form: str, *, several: bool) -> Iterator[list[str]]:
    """The lines of one task, each as long as the table has columns."""
    primary, others = _metrics(task)
    if form == "columns":
        numbers = [number(value["value"]) for _, value in others]
        yield [*counts, number(primary[1]["value"]), interval(primary[1]), *numbers]
        return
    score = [_score(*primary), interval(primary[1])]
    if form == "folded":
        yield [*counts, *score, *([", ".join(_score(*one) for one in others)] if several else [])]
        return
    yield [*counts, *score]
    for label, value in others:
        yield [*("" for _ in counts), _score(label, value), interval(value)]


def _score(label: str, value: Mapping[str, Any]) -> str:
    return f"{label} {number(value['value'])}"


_TROUBLES = {"abstained": "Abstained", "refused": "Refused", "failed": "Failed", "truncated": "Cut off"}


def _drawn(table: Table, *, width: int, colour: bool, anyway: bool = False) -> str | None:
    """The table as text, or None where it is wider than `width`, unless it is wanted `anyway`."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.measure import Measurement

    file = StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, no_color=not colour, highlight=False, legacy_windows=False
    )
    for column in table.columns:
        if column.no_wrap:
            # Of a cell that may not be wrapped rich takes the longest word for the least it needs.
            column.min_width = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
    # Measured with room to spare: rich never reports more than the room it is given.
    needed = Measurement.get(console, console.options.update(width=10_000), table).minimum
    if needed > width and not anyway:
        return None
    console.print(table)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _task_list(name: str, task: Mapping[str, Any]) -> Iterator[str]:
    yield name
    troubles = [f"{task[key]:,} {title.lower()}" for key, title in _TROUBLES.items() if task.get(key)]
    yield "  " + ", ".join([f"{task['rows']:,} rows", f"{share(task['unread'])} unread", *troubles])
    primary, others = _metrics(task)
    for label, value in (primary, *others):
        yield f"  {_score(label, value)}" + (f" ({interval(value)})" if interval(value) else "")


def _metrics(task: Mapping[str, Any]) -> tuple[tuple[str, Mapping[str, Any]], list[tuple[str, Mapping[str, Any]]]]:
    """The primary metric, and the others in the order of the report."""
    metrics = dict(task["metrics"])
    name = task.get("primary") or next(iter(metrics))
    return (name, metrics.pop(name)), list(metrics.items())


def _interval_title(report: Mapping[str, Any]) -> str:
    level = (report.get("interval") or {}).get("level")
    return f"{level * 100:g}% interval" if level else "Interval"
