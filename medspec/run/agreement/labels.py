"""Labels of people and verdicts of judges, from files and from runs, as values that can be compared.

Labels are compared as what they are: numbers where all of them are numbers, else texts; yes and no are also true and false.
Nothing is guessed: a file without one of the columns is refused with the columns it has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medspec.errors import BackendError, DataError, UsageError
from medspec.files import FORMATS
from medspec.files.base import Layout
from medspec.files.dotted import ABSENT, look_up, name_list
from medspec.files.opening import DataFile
from medspec.text.suggest import nearest


def read_labels(path: Path, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a file with the values at `columns` (name -> dotted path); "" is nothing. Raises `DataError`."""
    form = next((form for form in FORMATS if path.suffix.lower() in form.suffixes), None)
    if form is None:
        known = ", ".join(suffix for form in FORMATS for suffix in form.suffixes)
        raise DataError(f"{path}: the end of the file's name does not say what it is; medspec reads {known}")
    file = DataFile(path, str(path))
    rows: list[dict[str, Any]] = []
    for raw in form.read(file, Layout(), None).rows:
        if raw.fault is not None:
            raise DataError(f"{raw.place(file.name)}: {raw.fault}")
        found = {name: look_up(raw.value, column) for name, column in columns.items()}
        missing = [columns[name] for name, value in found.items() if value is ABSENT]
        if missing and not rows:
            names = name_list(tuple(raw.value) if isinstance(raw.value, dict) else ())
            raise DataError(f"{raw.place(file.name)}: there is no column `{missing[0]}`; the columns are {names}")
        rows.append({name: None if value is ABSENT or value == "" else value for name, value in found.items()})
    if not rows:
        raise file.fault("there are no rows in this file")
    return rows


def said_in_run(run: Path, score: str, field: str | None) -> dict[str, Any]:
    """What the judge said of each row of a run, for one judged score; None where it said nothing that can be read.

    A score that asks no judge stands for what it gave each row.
    """
    import polars as pl

    rows = pl.read_parquet(run / "rows.parquet")
    task, _, label = score.rpartition(".")
    column = f"verdict.{label}"
    measured = f"metric.{label}"
    if column not in rows.columns and measured in rows.columns and field is None:
        if task:
            rows = rows.filter(pl.col("task") == task)
        return dict(rows.select("row_id", measured).iter_rows())
    if column not in rows.columns:
        known = [name.removeprefix("verdict.") for name in rows.columns if name.startswith("verdict.")]
        close = nearest(label, known)
        advice = f"did you mean `{close}`?" if close else f"it has: {', '.join(known) or 'none'}"
        raise UsageError(f"the run has no judged score `{label}`; {advice}")
    if task:
        rows = rows.filter(pl.col("task") == task)
    shown = rows.filter(pl.col(f"judged.{label}").is_not_null()).select("row_id", column)
    found: dict[str, Any] = {}
    for id, text in shown.iter_rows():
        verdict = None if text is None else json.loads(text)
        if isinstance(verdict, list):
            found.update({f"{id}#{number}": _part(one, field) for number, one in enumerate(verdict, start=1)})
        else:
            found[id] = _part(verdict, field)
    return found


def _part(verdict: Any, field: str | None) -> Any:
    if field is None or verdict is None:
        return verdict
    if not isinstance(verdict, dict) or field not in verdict:
        raise BackendError(f"the verdict has no field `{field}`: {json.dumps(verdict, ensure_ascii=False)[:80]}")
    return verdict[field]


def as_labels(*columns: Sequence[Any]) -> tuple[tuple[list[Any], ...], bool]:
    """The columns as labels that can be compared, and whether they are numbers, and so a scale."""
    values = [value for column in columns for value in column if value is not None]
    numbers = [_number(value) for value in values]
    if values and None not in numbers:
        return tuple([None if value is None else _number(value) for value in column] for column in columns), True
    return tuple([None if value is None else _text(value) for value in column] for column in columns), False


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else number


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value).strip()
    return {"true": "yes", "false": "no"}.get(text.casefold(), text)
