"""One row, from the line of its file to the numbers of the report: the answer to "why is this wrong".

medqa_5shot, row 17

data     medqa/test.jsonl:18
columns  question = question, options = options.A, options.B, gold = answer_idx
...
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Request
from medspec.errors import UsageError
from medspec.files import FORMATS
from medspec.files.data_folder import open_data
from medspec.plan.nodes import FromKey, FromPath, FromPaths, FromRowNumber, Plan, Scan, TaskPlan
from medspec.run.bound import Bound
from medspec.run.journal import request_key
from medspec.run.measured import report_of, rows_of
from medspec.run.rows import RowLoader
from medspec.run.scan import Rows, layout_of
from medspec.text.suggest import nearest


@attrs.frozen(kw_only=True)
class Trace:
    """One row of one task. `lines` are its lines in `rows.parquet`, one for each draw; () without a run."""

    task: TaskPlan
    id: str
    place: str
    fields: tuple[tuple[str, str, Any], ...]
    """Field, where it comes from, and its value as JSON."""
    request: Request
    shots: tuple[str, ...]
    lines: tuple[dict[str, Any], ...] = ()
    report: dict[str, Any] | None = None


def trace(bound: Bound, task: TaskPlan, id: str, run: Path | None) -> Trace:
    """The row `id` of `task`, with what became of it in `run`. Raises `UsageError` for a row that is not there."""
    scan, rows = bound.plan.scan(task.scan), bound.rows[task.scan]
    if id not in rows.ids:
        close = None if scan.private else nearest(id, rows.ids[:5000])
        raise UsageError(
            f"`{task.name}` has no row `{id}` among its {len(rows.ids):,} rows"
            + (f"; did you mean `{close}`?" if close else "")
        )
    place = rows.ids.index(id)
    row = rows.rows[place]
    fields = tuple(
        (field.name, _origin(scan, field.name), field.type.to_json(row[field.name])) for field in scan.record.fields
    )
    call = bound.plan.call(task.call)
    requests = bound.requests(call, task.name)
    request = next(request for request in requests if request.row == id)
    picked = bound.shots.get(task.render)
    lines: tuple[dict[str, Any], ...] = ()
    report = None
    if run is not None:
        report = report_of(run)
        found = rows_of(run).filter(task=task.name, row_id=id)
        lines = tuple(found.iter_rows(named=True))
        if not lines:
            raise UsageError(f"the run in {run} has no row `{id}` of `{task.name}`")
    return Trace(
        task=task,
        id=id,
        place=_place(scan, rows, id),
        fields=fields,
        request=request,
        shots=() if picked is None else picked.ids,
        lines=lines,
        report=report,
    )


def _place(scan: Scan, rows: Rows, id: str) -> str:
    """File and line of a row. The file is read again: where every row stands is not kept."""
    file = open_data(rows.file, folder=rows.file.is_dir())
    loader = RowLoader(record=scan.record, columns=dict(scan.columns), cells=scan.source.format == "csv")
    layout = layout_of(scan.source)
    form = next((form for form in FORMATS if form.name == scan.source.format), None)
    if form is None or not rows.file.exists():
        return file.name
    from medspec.run.rows import text_of

    for raw in form.read(file, layout, loader.top_columns()).rows:
        if scan.id_field is None:
            found = str(raw.number)
        else:
            values: dict[str, Any] = {}
            loader.load(raw, values, only=scan.id_field)
            field = scan.record.field(scan.id_field)
            if scan.id_field not in values or field is None:
                continue
            found = text_of(values[scan.id_field], field.type)
        if found == id:
            return raw.place(file.name)
    return file.name


def _origin(scan: Scan, field: str) -> str:
    match dict(scan.columns).get(field, FromPath(field)):
        case FromPath(path):
            return path
        case FromPaths(paths):
            return ", ".join(paths)
        case FromKey():
            return "the row's key"
        case FromRowNumber():
            return "the row's number"
    return field


def trace_text(found: Trace, plan: Plan, digest: str | None = None) -> str:
    """The whole way in words. `digest` is the model's, for the key of the call."""
    read = plan.read(found.task.read)
    lines = [f"{found.task.name}, row {found.id}", "", f"data     {found.place}"]
    width = max(len(name) for name, _, _ in found.fields)
    lines += [
        f"         {name:<{width}}  {json.dumps(value, ensure_ascii=False)}{f'   from {origin}' if origin != name else ''}"
        for name, origin, value in found.fields
    ]
    if found.shots:
        lines.append(f"shots    {', '.join(found.shots)}")
    for message in found.request.messages:
        lines += ["", f"{message.role}", *(f"  | {line}" for line in message.text.split("\n"))]
        lines += [f"  image {picture.path}" for picture in message.images]
    if found.request.options is not None:
        lines += [
            "",
            "options  " + ", ".join(json.dumps(option, ensure_ascii=False) for option in found.request.options),
        ]
    if digest is not None:
        lines.append(f"call     {request_key(digest, found.request)[:16]}")
    lines += ["", f"reader   {read.reader.name} -> {read.reader.answer.spelled}"]
    for line in found.lines:
        lines += list(_draw(line, draws=len(found.lines)))
    if found.report is not None:
        lines += list(_numbers(found))
    else:
        lines.append("reply    none is shown: say which run with --run DIR")
    return "\n".join(lines) + "\n"


def _draw(line: dict[str, Any], *, draws: int) -> Iterator[str]:
    if draws > 1:
        yield f"draw {line['sample']}"
    if line.get("option_scores") is not None:
        yield "reply    " + ", ".join(f"{score:.4f}" for score in line["option_scores"]) + "   log-likelihoods"
    elif line.get("failure") is not None:
        yield f"reply    none: {line['failure']}{f' ({detail})' if (detail := line.get('detail')) else ''}"
    elif line.get("reply") is None:
        yield "reply    not shown: the rows are private"
    else:
        yield f"reply    {json.dumps(line['reply'], ensure_ascii=False)}   finish {line['finish']}"
    answer = line["answer"] if line["answer"] is not None else f"unread: {line['unread']}" if line["unread"] else "-"
    yield f"answer   {answer}"
    yield f"gold     {line['gold'] if line['gold'] is not None else 'not shown: the rows are private'}"


def _numbers(found: Trace) -> Iterator[str]:
    """The value of this row in each metric, what the task comes to, and where that goes."""
    assert found.report is not None
    task = found.report["tasks"][found.task.name]
    width = max(len(label) for label in task["metrics"])
    yield ""
    for label, metric in task["metrics"].items():
        values = [line.get(f"metric.{label}") for line in found.lines]
        own = ", ".join("-" if value is None else f"{value:g}" for value in values)
        total = "-" if metric["value"] is None else f"{metric['value']:.4f}"
        primary = " *" if label == task["primary"] else ""
        yield f"metric   {label:<{width}}  {own} in this row, {total} over {metric['rows']:,} rows{primary}"
    for name, aggregate in found.report["aggregates"].items():
        if found.task.name in aggregate["tasks"] and aggregate["value"] is not None:
            yield f"goes to  {name} = {aggregate['method']} over {', '.join(aggregate['tasks'])}: {aggregate['value']:.4f}"


def trace_json(found: Trace) -> dict[str, Any]:
    """The same content as plain values."""
    return {
        "task": found.task.name,
        "row": found.id,
        "place": found.place,
        "fields": [{"field": name, "from": origin, "value": value} for name, origin, value in found.fields],
        "shots": list(found.shots),
        "messages": [attrs.asdict(message) for message in found.request.messages],
        "options": None if found.request.options is None else list(found.request.options),
        "lines": list(found.lines),
        "metrics": None if found.report is None else found.report["tasks"][found.task.name]["metrics"],
    }
