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

from medspec.cli.output import is_ascii_only, print_text, wants_colour
from medspec.text.cells import safe

if TYPE_CHECKING:
    from rich.table import Table

WIDTH_OF_A_FILE = 120
"""Columns when the output is no terminal and `COLUMNS` says nothing."""

_NOT_MEDICAL = "demonstration model: not for medical use"


def view_report(report: Mapping[str, Any], stream: TextIO, *, folder: str | None = None) -> None:
    """Write the report to `stream`, as wide as its terminal. `folder` is where the run's files are."""
    if stream.isatty():
        width = shutil.get_terminal_size().columns
    else:
        width = int(os.environ.get("COLUMNS") or WIDTH_OF_A_FILE)
    colour = wants_colour(stream)
    text = report_text(report, width=width, ascii=is_ascii_only(stream), colour=colour, folder=folder)
    print_text(text, stream, coloured=colour)


def report_text(
    report: Mapping[str, Any], *, width: int, ascii: bool = False, colour: bool = False, folder: str | None = None
) -> str:
    """The report as text for a screen of `width` columns, with `ascii` without any other letter of our own."""
    body = _drawn(_table(report, ascii=ascii), width=width, colour=colour)
    if body is None:
        body = "\n\n".join("\n".join(map(safe, _task_list(name, task))) for name, task in report["tasks"].items())
    return "\n".join([body, *map(safe, _closing_lines(report, folder))])


def _table(report: Mapping[str, Any], *, ascii: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    tasks = report["tasks"]
    further = any(len(task["metrics"]) > 1 for task in tasks.values())
    troubles = [(key, title) for key, title in _TROUBLES.items() if any(task.get(key) for task in tasks.values())]
    table = Table(box=box.ASCII2 if ascii else box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False)
    table.add_column("Task", no_wrap=True)
    for title in ("Rows", "Unread", *(title for _, title in troubles)):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Score", no_wrap=True)
    table.add_column(_interval_title(report), no_wrap=True)
    if further:
        table.add_column("Further")
    for name, task in tasks.items():
        primary, others = _metrics(task)
        cells = [name, f"{task['rows']:,}", _share(task["unread"])]
        cells += [f"{task.get(key, 0):,}" for key, _ in troubles]
        cells += [f"{primary[0]} {_number(primary[1]['value'])}", _interval(primary[1])]
        cells += [", ".join(f"{label} {_number(value['value'])}" for label, value in others)] if further else []
        # Text, not str: a name must not be read as markup.
        table.add_row(*(Text(safe(cell)) for cell in cells))
    return table


_TROUBLES = {"abstained": "Abstained", "refused": "Refused", "failed": "Failed", "truncated": "Cut off"}


def _drawn(table: Table, *, width: int, colour: bool) -> str | None:
    """The table as text, or None where it is wider than `width`."""
    from rich.console import Console
    from rich.measure import Measurement

    file = StringIO()
    console = Console(
        file=file, width=width, force_terminal=colour, no_color=not colour, highlight=False, legacy_windows=False
    )
    # Measured with room to spare: rich never reports more than the room it is given.
    needed = Measurement.get(console, console.options.update(width=10_000), table).minimum
    if needed > width:
        return None
    console.print(table)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def _task_list(name: str, task: Mapping[str, Any]) -> Iterator[str]:
    yield name
    yield f"  {task['rows']:,} rows, {_share(task['unread'])} unread"
    for key, title in _TROUBLES.items():
        if task.get(key):
            yield f"  {title.lower()}: {task[key]:,}"
    primary, others = _metrics(task)
    for label, value in (primary, *others):
        yield f"  {label} {_number(value['value'])}" + (f" ({_interval(value)})" if _interval(value) else "")


def _metrics(task: Mapping[str, Any]) -> tuple[tuple[str, Mapping[str, Any]], list[tuple[str, Mapping[str, Any]]]]:
    """The primary metric, and the others in the order of the report."""
    metrics = dict(task["metrics"])
    name = task.get("primary") or next(iter(metrics))
    return (name, metrics.pop(name)), list(metrics.items())


def _judge_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What each judge cost, what could not be read of it, and how far it agrees with people."""
    for name, judge in (report.get("judges") or {}).items():
        troubles = sum(judge["unread"].values()), sum(judge["failed"].values())
        line = f"judge {name}: {judge['asked']:,} calls, {judge['verdicts']:,} verdicts"
        line += "".join(
            f", {count:,} {what}" for count, what in zip(troubles, ("unread", "failed"), strict=True) if count
        )
        one = judge.get("calibration")
        if one is not None:
            floor = "at least" if one["reached"] else "BELOW ITS FLOOR OF"
            if judge["model"].get("backend") == "invented":
                floor = "which invented verdicts say nothing about; a run demands"
            line += f"; {one['agreement']} {_number(one['value'])} with people, {floor} {one['at_least']:g}"
        yield line
    for name, task in report["tasks"].items():
        for label, judged in (task.get("judged") or {}).items():
            open_ = [f"{judged[what]:,} {what}" for what in ("unscored", "waiting") if judged[what]]
            if open_:
                yield f"{name}, {label}: of {judged['cases']:,} cases {', '.join(open_)}"


def _closing_lines(report: Mapping[str, Any], folder: str | None) -> Iterator[str]:
    aggregates = report.get("aggregates") or {}
    if aggregates:
        yield ""
        width = max(len(name) for name in aggregates)
        for name, value in aggregates.items():
            interval = f"  {_interval(value)}" if _interval(value) else ""
            yield f"{name:<{width}}  {_number(value['value'])}{interval}"
    yield from _slice_lines(report)
    yield from _reference_lines(report)
    yield ""
    for warning in report.get("warnings") or ():
        yield f"warning: {warning}"
    yield from _cluster_lines(report)
    yield from _judge_lines(report)
    yield from _unread_lines(report)
    yield from _tries_lines(report)
    for name, task in report["tasks"].items():
        for code, reason in (task.get("waivers") or {}).items():
            yield f"{name}: {code} is waived: {reason}"
        yield from _row_lines(name, task)
        reasons = task.get("failures") or {}
        if reasons:
            counted = ", ".join(f"{_REASONS.get(reason, reason)} {count:,}" for reason, count in reasons.items())
            yield f"{name}: calls without a reply: {counted}"
    model = report["model"]
    label = _NOT_MEDICAL if model.get("demonstration") else model.get("is")
    yield f"Model  {model['name']}" + (f"  ({label})" if label else "")
    sources = (report.get("calls") or {}).get("sources") or {}
    if sources:
        yield f"Reused {sum(sources.values()):,} replies of {', '.join(sources)}"
    if report.get("limit"):
        yield f"Limit  {report['limit']:,} rows of each task at most; not comparable with a whole run"
    rows = sum(task["rows"] for task in report["tasks"].values())
    yield f"Suite  {report['suite']}, {rows:,} rows in {_duration(report['seconds'])}"
    if folder is not None:
        yield f"Files  {folder}"


def _row_lines(name: str, task: Mapping[str, Any]) -> Iterator[str]:
    """Rows that were corrected, left out or set aside."""
    errata = task.get("errata")
    if errata:
        counts = f"{errata['corrected']:,} rows corrected, {errata['excluded']:,} left out"
        yield f"{name}: errata version {errata['version']}: {counts} ({errata['file']})"
    aside = task.get("quarantined") or {}
    if aside.get("rows"):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in aside["reasons"].items())
        rows = "1 row is" if aside["rows"] == 1 else f"{aside['rows']:,} rows are"
        yield f"{name}: {rows} set aside and not scored: {reasons} (quarantine.jsonl)"


def _slice_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The primary metric of every group, task by task."""
    for name, task in report["tasks"].items():
        lines = []
        for slice_name, groups in (task.get("slices") or {}).items():
            for group, found in groups.items():
                label = slice_name if group == slice_name else f"{slice_name} {group}"
                value = (found.get("metrics") or {}).get(task["primary"])
                shown = "too few rows to show" if value is None else f"{_number(value['value'])}  {_interval(value)}"
                lines.append((label, f"{found['rows']:,} rows", shown))
        if lines:
            yield ""
            yield f"{name} by slice, {task['primary']}"
            widths = [max(len(line[column]) for line in lines) for column in range(2)]
            for label, rows, shown in lines:
                yield f"  {label:<{widths[0]}}  {rows:>{widths[1]}}  {shown}".rstrip()


def _cluster_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What the intervals take for one source, told once for all tasks of which it holds."""
    told: dict[str, list[str]] = {}
    for name, task in report["tasks"].items():
        found = task.get("clusters")
        if found is not None:
            told.setdefault(f"clustered by {found['by']}, {found['count']:,} clusters", []).append(name)
    for line, names in told.items():
        yield f"{', '.join(names)}: intervals {line}"


def _unread_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What unread replies could have made of a score, where that can be seen."""
    for name, task in report["tasks"].items():
        bounds = task["metrics"].get(task.get("primary"), {}).get("unread_bounds")
        if bounds is not None and _number(min(bounds)) != _number(max(bounds)):
            low, high = _number(min(bounds)), _number(max(bounds))
            yield f"{name}: {task['primary']} would be {low} to {high}, whatever the unread replies had said"


def _tries_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Best and worst of all draws of a row."""
    for name, task in report["tasks"].items():
        value = task["metrics"].get(task.get("primary"), {})
        best, worst = value.get("pass_at") or {}, value.get("worst_at") or {}
        if best:
            most = max(best, key=int)
            yield f"{name}: {task['primary']} of {most} tries: best {_number(best[most]['value'])}, worst {_number(worst[most]['value'])}"


def _reference_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Published figures, with their source."""
    for name, entry in (("", report), *report["tasks"].items()):
        for model, figures in (entry.get("references") or {}).items():
            values = ", ".join(f"{label} {_number(value)}" for label, value in figures.items() if label != "source")
            yield f"{name or report['suite']}: published for {model}: {values} ({figures['source']})"


_REASONS = {
    "too_long": "prompt longer than the context",
    "model_error": "the model failed",
    "no_reply": "no reply recorded",
}


def _interval_title(report: Mapping[str, Any]) -> str:
    level = (report.get("interval") or {}).get("level")
    return f"{level * 100:g}% interval" if level else "Interval"


def _interval(value: Mapping[str, Any]) -> str:
    low, high = value.get("low"), value.get("high")
    return "" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _share(value: float) -> str:
    """`0.2%`; what is not quite nothing is never shown as 0%, and what is not quite all never as 100%."""
    if value in (0, 1):
        return f"{value:.0%}"
    return f"{min(max(value, 0.001), 0.999):.1%}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
