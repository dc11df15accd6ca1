"""Errata of a dataset: rows that are corrected or left out, from a file of its own beside the data.

    {"version": 3, "source": "errata of the authors, 2026-02-11"}
    {"id": "17", "set": {"gold": "B"}, "reason": "the key of the exam was wrong"}
    {"id": "23", "split": "test", "exclude": true, "reason": "two options are right"}

The first line names the version, which is the one the spec asks for. Values stand as the data write them. An entry that fits
no row, names no field, or says nothing is a `DataError`: an erratum that is passed over in silence corrects nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from medspec.errors import DataError
from medspec.files.base import Layout
from medspec.files.jsonl import JSONL
from medspec.files.opening import DataFile
from medspec.files.problems import Problems, shorten
from medspec.plan.errata import Errata
from medspec.plan.nodes import Scan
from medspec.run.roots import DataRoots, find_file
from medspec.text.suggest import nearest

_KEYS = ("id", "split", "subset", "set", "exclude", "reason")


@attrs.frozen(kw_only=True)
class Erratum:
    """What is said of one row: that it is left out, or what stands in its fields."""

    line: int
    id: str
    exclude: bool
    values: dict[str, Any]


@attrs.define
class Overlay:
    """The errata of one split. `corrected` and `excluded` count the rows they were applied to."""

    file: DataFile
    version: int
    entries: dict[str, Erratum]
    corrected: int = 0
    excluded: int = 0
    _seen: set[str] = attrs.field(factory=set)

    def of(self, id: str) -> Erratum | None:
        """What is said of the row `id`."""
        found = self.entries.get(id)
        if found is not None:
            self._seen.add(id)
        return found

    def unseen(self, *, private: bool) -> Iterator[str]:
        """One line for each erratum that fits no row."""
        for id, entry in self.entries.items():
            if id not in self._seen:
                shown = "the id" if private else f"the id {shorten(id)}"
                yield f"{self.file.at(entry.line)}: {shown} is that of no row of this split"

    def summary(self) -> dict[str, Any]:
        """As the report has it."""
        return {
            "file": self.file.path.name,
            "sha256": self.file.digest(),
            "version": self.version,
            "corrected": self.corrected,
            "excluded": self.excluded,
        }


def read_errata(scan: Scan, roots: DataRoots) -> Overlay | None:
    """The errata that concern `scan`; None where its dataset has none. Raises `DataError` with everything that is wrong."""
    errata = scan.errata
    if errata is None:
        return None
    path = find_file(errata.path, roots, folder=scan.folder, dataset=scan.dataset, license=scan.license)
    file = DataFile(path, str(path))
    raws = JSONL.read(file, Layout(), None).rows
    _check_version(file, next(raws, None), errata)
    problems = Problems()
    entries: dict[str, Erratum] = {}
    count = 0
    for raw in raws:
        count += 1
        assert raw.line is not None, "JSON Lines have lines"
        wrong = raw.fault or _wrong(raw.value, scan, errata)
        if wrong is not None:
            problems.add(f"{file.at(raw.line)}: {wrong}")
        elif _concerns(raw.value, scan):
            entry = _entry(raw.line, raw.value)
            if entry.id in entries:
                problems.add(f"{file.at(raw.line)}: line {entries[entry.id].line} is about the same row")
            entries[entry.id] = entry
    problems.raise_any(file.name, count)
    return Overlay(file, errata.version, entries)


def _check_version(file: DataFile, head: Any, errata: Errata) -> None:
    version = head.value.get("version") if head is not None and isinstance(head.value, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise file.fault('the first line does not say the version of the errata; write {"version": 1}', line=1)
    if version != errata.version:
        raise file.fault(f"these are errata of version {version}, the spec asks for version {errata.version}", line=1)


def _wrong(value: dict[str, Any], scan: Scan, errata: Errata) -> str | None:
    unknown = [key for key in value if key not in _KEYS]
    if unknown:
        return f"there is no `{unknown[0]}` in an erratum; there are: {', '.join(_KEYS)}"
    if isinstance(value.get("id"), bool) or not isinstance(value.get("id"), str | int):
        return "an erratum names its row: `id` is a text or a whole number"
    if not isinstance(value.get("reason"), str) or not value["reason"].strip():
        return "an erratum says its `reason`"
    for key, needed in (("split", errata.by_split), ("subset", errata.by_subset)):
        if needed and not isinstance(value.get(key), str):
            return f"the dataset has several {key}s, so an erratum names its `{key}`"
    values, exclude = value.get("set"), value.get("exclude", False)
    if not isinstance(exclude, bool):
        return "`exclude` is true or false"
    if exclude == (values is not None):
        return "an erratum either corrects (`set`) or leaves out (`exclude`)"
    if exclude:
        return None
    if not isinstance(values, dict) or not values:
        return "`set` holds the fields that are corrected"
    return _wrong_fields(values, scan, errata)


def _wrong_fields(values: dict[str, Any], scan: Scan, errata: Errata) -> str | None:
    fixed = {scan.id_field, *(keep.field for keep in scan.keep)}
    for name in values:
        if name not in errata.fields:
            close = nearest(name, errata.fields)
            return f"there is no field `{name}`" + (f"; did you mean `{close}`?" if close else "")
        if name in fixed:
            return f"the field `{name}` says which row it is, and cannot be corrected"
    return None


def _concerns(value: dict[str, Any], scan: Scan) -> bool:
    return value.get("split", scan.split) == scan.split and value.get("subset", scan.subset) == scan.subset


def _entry(line: int, value: dict[str, Any]) -> Erratum:
    return Erratum(
        line=line, id=str(value["id"]), exclude=value.get("exclude", False), values=dict(value.get("set") or {})
    )


def check_seen(overlay: Overlay, *, private: bool) -> None:
    """Raise one `DataError` with every erratum that fits no row, once all rows were read."""
    problems = Problems()
    for line in overlay.unseen(private=private):
        problems.add(line)
    if problems.count:
        raise DataError(
            f"{overlay.file.name}: {problems.count:,} of {len(overlay.entries):,} errata fit no row:",
            problems=problems.lines,
        )
