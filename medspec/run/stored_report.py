"""`report.json` of a finished run as typed values, for commands that compute with it: `compare` and `power`.

    report = read_report(folder)        report.tasks["verdict"].metrics["accuracy"].value

Members that are not known here are passed over, since reports may grow. One that is missing, or holds something else, is a
`StoreError` that says where it stands, and so is a file that is torn, of a newer medspec, or no report at all.
"""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from medspec.errors import StoreError

FORMAT = 1
"""The number of the format that is understood; see docs/report.schema.json."""


@attrs.frozen(kw_only=True)
class DialectEntry:
    """The dialect of the prompts."""

    name: str
    hash: str


@attrs.frozen(kw_only=True)
class ModelEntry:
    """The model under test, a judge or an encoder; of the two last ones the digest is what there is."""

    digest: str
    name: str = ""
    dialect: DialectEntry | None = None


@attrs.frozen(kw_only=True)
class JudgeEntry:
    """A judge that was asked."""

    model: ModelEntry


@attrs.frozen(kw_only=True)
class DataEntry:
    """The file of the rows; `others` is one sha256 over all files beside it (lists of ids, masks), None without any."""

    sha256: str
    others: str | None = None
    images: str | None = None


@attrs.frozen(kw_only=True)
class ErrataEntry:
    """The file of corrections."""

    sha256: str
    version: int


@attrs.frozen(kw_only=True)
class AsideEntry:
    """How many rows were set aside."""

    rows: int = 0


@attrs.frozen(kw_only=True)
class ClustersEntry:
    """How many clusters the rows lie in."""

    count: int


@attrs.frozen(kw_only=True)
class NumberEntry:
    """One number, None where there was nothing to compute it from."""

    value: float | None
    low: float | None = None
    high: float | None = None
    rows: int | None = None


@attrs.frozen(kw_only=True)
class TaskEntry:
    """One task: what was asked of which rows, and what came of it."""

    rows: int
    primary: str
    call_hash: str
    score_hash: str
    metrics: Mapping[str, NumberEntry]
    data: DataEntry
    draws: int = 1
    chance: float | None = None
    errata: ErrataEntry | None = None
    quarantined: AsideEntry = AsideEntry()
    clusters: ClustersEntry | None = None
    shots: tuple[str, ...] = ()
    shots_sha256: str | None = None


@attrs.frozen(kw_only=True)
class StoredReport:
    """The report as a whole."""

    format: int
    model: ModelEntry
    tasks: Mapping[str, TaskEntry]
    aggregates: Mapping[str, NumberEntry]
    judges: Mapping[str, JudgeEntry] = attrs.field(factory=dict)
    encoders: Mapping[str, ModelEntry] = attrs.field(factory=dict)


def read_report(file: Path) -> tuple[StoredReport, dict[str, Any]]:
    """What `file` says, typed and as it stands. Raises `StoreError` that names the member at fault."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{file} is torn or no report: {error}; `medspec resume` on its run writes it anew") from error
    version = found.get("format") if isinstance(found, dict) else None
    if version != FORMAT:
        known = "it is no report" if version is None else f"it has format {str(version)[:20]}"
        raise StoreError(f"{file} is not a report that this medspec understands: {known}, and {FORMAT} is known")
    try:
        report: StoredReport = _typed(StoredReport, found, "")
        for name, task in report.tasks.items():
            if task.primary not in task.metrics:
                raise ValueError(f"`tasks.{name}.primary` names a metric that is not there")
    except ValueError as error:
        raise StoreError(f"{file} is no report of medspec, or was changed by hand: {error}") from error
    return report, found


def _typed(hint: Any, value: Any, where: str) -> Any:
    """`value` as what `hint` says. Raises `ValueError` with the place of what does not fit."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        hint = next(one for one in arguments if one is not type(None))
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if attrs.has(hint):
        return _entry(hint, value, where)
    if origin is Mapping and isinstance(value, dict):
        return {name: _typed(arguments[1], entry, _below(where, name)) for name, entry in value.items()}
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(arguments[0], entry, f"{where}[{place}]") for place, entry in enumerate(value))
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value):
        return float(value)
    if hint is int and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
        return value
    if hint is str and isinstance(value, str):
        return value
    raise ValueError(f"`{where}` holds {_shown(value)}")


def _entry(cls: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"`{where}` holds {_shown(value)}")
    hints = typing.get_type_hints(cls)
    found = {}
    for field in attrs.fields(cls):
        if field.name in value:
            found[field.name] = _typed(hints[field.name], value[field.name], _below(where, field.name))
        elif field.default is attrs.NOTHING:
            raise ValueError(f"`{_below(where, field.name)}` is missing")
    return cls(**found)


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if isinstance(value, (str, bool, type(None))) else "a number"
    return text if len(text) <= 40 else f"{text[:40]}..."
