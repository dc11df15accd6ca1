"""What is said under the table of a report: numbers over several tasks and of slices, and all one has to know of the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from medspec.cli.view_numbers import duration, interval, number

_NOT_MEDICAL = "demonstration model: not for medical use"

_NAMES_SHOWN = 6
"""So many tasks are named of which the same is said."""

_OPEN = {"unscored": "without a verdict and left out", "waiting": "waiting for people, in queue.jsonl"}

_REASONS = {
    "too_long": "prompt longer than the context",
    "model_error": "the model failed",
    "no_reply": "no reply recorded",
}


def further_numbers(report: Mapping[str, Any]) -> Iterator[str]:
    """Numbers over several tasks, and those of slices, each part after an empty line."""
    aggregates = report.get("aggregates") or {}
    if aggregates:
        yield ""
        width = max(len(name) for name in aggregates)
        for name, value in aggregates.items():
            yield f"{name:<{width}}  {number(value['value'])}  {interval(value)}".rstrip()
    yield from _slice_lines(report)


def closing_lines(report: Mapping[str, Any], folder: str | None) -> Iterator[str]:
    """What has to be known of the numbers, then the model, and where the files are."""
    notes = [*_notes(report)]
    yield from notes
    if notes:
        yield ""
    yield from _model_lines(report)
    rows = sum(task["rows"] for task in report["tasks"].values())
    yield f"Suite  {report['suite']}, {rows:,} rows in {duration(report['seconds'])}"
    if folder is not None:
        yield f"Files  {folder}"


def _notes(report: Mapping[str, Any]) -> Iterator[str]:
    for warning in report.get("warnings") or ():
        yield f"warning: {warning}"
    yield from _judge_lines(report)
    for lines in (_open_lines, _cluster_line, _unread_line, _tries_line, _waiver_lines, _row_lines, _failure_line):
        yield from _of_tasks(report, lines)


def _of_tasks(report: Mapping[str, Any], lines: Callable[[Mapping[str, Any]], Iterable[str]]) -> Iterator[str]:
    """What is said of each task, told once for all of which the same is said."""
    told: dict[str, list[str]] = {}
    for name, task in report["tasks"].items():
        for line in lines(task):
            told.setdefault(line, []).append(name)
    for line, names in told.items():
        left = len(names) - _NAMES_SHOWN
        shown = ", ".join(names) if left <= 1 else f"{', '.join(names[:_NAMES_SHOWN])} and {left:,} more"
        if len(names) == len(report["tasks"]) > 2:
            shown = f"all {len(names):,} tasks"
        yield f"{shown}: {line}"


def _model_lines(report: Mapping[str, Any]) -> Iterator[str]:
    model = report["model"]
    label = _NOT_MEDICAL if model.get("demonstration") else model.get("is")
    yield f"Model  {model['name']}" + (f"  ({label})" if label else "")
    sources = (report.get("calls") or {}).get("sources") or {}
    if sources:
        yield f"Reused {sum(sources.values()):,} replies of {', '.join(sources)}"
    scored = (report.get("scores") or {}).get("sources") or {}
    if scored:
        count = sum(scored.values())
        yield f"Reused the scores of {count:,} task{'s' * (count != 1)}, from {', '.join(scored)}"
    if report.get("limit"):
        yield f"Limit  {report['limit']:,} rows of each task at most; not comparable with a whole run"


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
            agreed = f"{one['agreement']} {number(one['value'])} with people, {floor} {one['at_least']:g}"
            if judge["model"].get("backend") == "invented":
                agreed = f"a run demands {one['agreement']} of at least {one['at_least']:g} with people"
            line += f"; {agreed}"
        yield line


def _open_lines(task: Mapping[str, Any]) -> Iterator[str]:
    """How many cases of judged scores have no verdict, told once for all scores of which the same holds."""
    told: dict[str, list[str]] = {}
    for label, judged in (task.get("judged") or {}).items():
        parts = [f"{judged[what]:,} {words}" for what, words in _OPEN.items() if judged[what]]
        if parts:
            told.setdefault(f"of {judged['cases']:,} cases {', '.join(parts)}", []).append(label)
    yield from (f"{', '.join(labels)}: {line}" for line, labels in told.items())


def _row_lines(task: Mapping[str, Any]) -> Iterator[str]:
    """Rows that were corrected, left out or set aside."""
    errata = task.get("errata")
    if errata:
        counts = f"{errata['corrected']:,} rows corrected, {errata['excluded']:,} left out"
        yield f"errata version {errata['version']}: {counts} ({errata['file']})"
    aside = task.get("quarantined") or {}
    if aside.get("rows"):
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in aside["reasons"].items())
        rows = "1 row is" if aside["rows"] == 1 else f"{aside['rows']:,} rows are"
        yield f"{rows} set aside and not scored: {reasons} (quarantine.jsonl)"


def _slice_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The primary metric of every group, task by task."""
    for name, task in report["tasks"].items():
        lines = []
        for slice_name, groups in (task.get("slices") or {}).items():
            for group, found in groups.items():
                label = slice_name if group == slice_name else f"{slice_name} {group}"
                value = (found.get("metrics") or {}).get(task["primary"])
                shown = "too few rows to show" if value is None else f"{number(value['value'])}  {interval(value)}"
                lines.append((label, f"{found['rows']:,} rows", shown))
        if lines:
            yield ""
            yield f"{name} by slice, {task['primary']}"
            widths = [max(len(line[column]) for line in lines) for column in range(2)]
            for label, rows, shown in lines:
                yield f"  {label:<{widths[0]}}  {rows:>{widths[1]}}  {shown}".rstrip()


def _cluster_line(task: Mapping[str, Any]) -> Iterator[str]:
    """What the intervals take for one source."""
    found = task.get("clusters")
    if found is not None:
        yield f"intervals clustered by {found['by']}, {found['count']:,} clusters"


def _unread_line(task: Mapping[str, Any]) -> Iterator[str]:
    """What unread replies could have made of a score, where that can be seen."""
    bounds = task["metrics"].get(task.get("primary"), {}).get("unread_bounds")
    if bounds is not None and number(min(bounds)) != number(max(bounds)):
        low, high = number(min(bounds)), number(max(bounds))
        yield f"{task['primary']} would be {low} to {high}, whatever the unread replies had said"


def _tries_line(task: Mapping[str, Any]) -> Iterator[str]:
    """Best and worst of all draws of a row."""
    value = task["metrics"].get(task.get("primary"), {})
    best, worst = value.get("pass_at") or {}, value.get("worst_at") or {}
    if best:
        most = max(best, key=int)
        numbers = f"best {number(best[most]['value'])}, worst {number(worst[most]['value'])}"
        yield f"{task['primary']} of {most} tries: {numbers}"


def _waiver_lines(task: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{code} is waived: {reason}" for code, reason in (task.get("waivers") or {}).items())


def _failure_line(task: Mapping[str, Any]) -> Iterator[str]:
    reasons = task.get("failures") or {}
    if reasons:
        counted = ", ".join(f"{_REASONS.get(reason, reason)} {count:,}" for reason, count in reasons.items())
        yield f"calls without a reply: {counted}"
