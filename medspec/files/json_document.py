"""One JSON document: a list of objects, or an object with one row per key, at the top or at a path inside.

[{"id": 1}, {"id": 2}]                    two rows
{"21645374": {...}, "16418930": {...}}    two rows, each with its key
{"data": {"items": [...]}}                rows at `data.items`
{"a_mask.png": "a.png"}                   one row, with its key, whose one column is named in the layout (`value`)
{"a.png": ["1.png", "2.png"]}             two rows, each with the key of its list and one column (`each`)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import attrs

from medspec.errors import DataError
from medspec.files.base import Format, Layout, RawRow, RawRows, fault_of
from medspec.files.dotted import ABSENT, did_you_mean, find_gap, look_up, name_list
from medspec.files.json_text import JsonFault, parse_json
from medspec.files.opening import DataFile


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per entry of the list or the object at `layout.at`."""
    document = _document(file)
    found = _inside(file, document, layout.at)
    if layout.each is not None and isinstance(found, dict | list):
        return RawRows(None, _entries(found, layout.each), document)
    if isinstance(found, dict):
        if layout.value is None:
            _check_rows(file, found, layout.at)
        return RawRows(None, _named(_keyed(found), layout.value), document)
    if isinstance(found, list):
        return RawRows(None, _named(_numbered(found), layout.value), document)
    raise file.fault(f"{_spot(layout.at)} is neither a list nor an object, so it holds no rows")


def read_ids(file: DataFile, at: str | None = None) -> tuple[str, ...]:
    """The ids in a document, in order: the entries of a list, or the keys of an object. Numbers become text."""
    found = _inside(file, _document(file), at)
    if isinstance(found, dict):
        return tuple(found)
    if not isinstance(found, list):
        raise file.fault(f"{_spot(at)} is neither a list nor an object, so it holds no ids")
    for index, entry in enumerate(found):
        if isinstance(entry, bool) or not isinstance(entry, str | int):
            raise file.fault(f"entry {index} (counted from 0) is no id: expected a text or a whole number")
    return tuple(str(entry) for entry in found)


def _document(file: DataFile) -> Any:
    file.check(parquet=False)
    text = file.text()
    if not text.strip():
        raise file.fault("the file holds nothing but blanks")
    try:
        return parse_json(text)
    except JsonFault as error:
        raise _in_file(file, text, error) from None


def _inside(file: DataFile, document: Any, at: str | None) -> Any:
    """What stands at the path `at` of the document."""
    if at is None:
        return document
    found = look_up(document, at)
    if found is ABSENT:
        gap = find_gap(document, at)
        inside = f" in `{gap.parent}`" if gap.parent else ""
        names = gap.names or ()
        listing = f" (there: {name_list(names)})" if names else ""
        raise file.fault(f"there is no `{gap.name}`{inside}{listing}{did_you_mean(gap.name, names)}")
    return found


def _in_file(file: DataFile, text: str, error: JsonFault) -> DataError:
    column = "" if error.column is None else f" (column {error.column:,})"
    first, _, rest = text.strip().partition("\n")
    if error.line is not None and rest and _is_object(first):
        return file.fault("there is one object per line here; read the file with `jsonl(...)`")
    return file.fault(f"{error}{column}", line=error.line)


def _is_object(text: str) -> bool:
    try:
        return isinstance(parse_json(text), dict)
    except JsonFault:
        return False


def _check_rows(file: DataFile, found: dict[str, Any], at: str | None) -> None:
    """Refuse an object that only wraps the rows: not one of its values is an object, and one is a list of them."""
    if any(isinstance(value, dict) for value in found.values()):
        return
    for key, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner = f"{at}.{key}" if at else key
            raise file.fault(f'{_spot(at)} is an object whose rows lie deeper; read them with `at: "{inner}"`')


def _spot(at: str | None) -> str:
    return "the document" if at is None else f"`{at}`"


def _keyed(found: dict[str, Any]) -> Iterator[RawRow]:
    for number, (key, value) in enumerate(found.items()):
        yield RawRow(number=number, key=key, value=value, fault=fault_of(value))


def _numbered(found: list[Any]) -> Iterator[RawRow]:
    for number, value in enumerate(found):
        yield RawRow(number=number, value=value, fault=fault_of(value))


def _named(rows: Iterator[RawRow], name: str | None) -> Iterator[RawRow]:
    """Rows as they are; with `name` every row is a value, which becomes an object with this one column."""
    return rows if name is None else (attrs.evolve(row, value={name: row.value}, fault=None) for row in rows)


def _entries(found: dict[str, Any] | list[Any], name: str) -> Iterator[RawRow]:
    """A row for each entry of each list; what is no list is one row with a fault."""
    number = 0
    for key, value in found.items() if isinstance(found, dict) else ((None, value) for value in found):
        if not isinstance(value, list):
            yield RawRow(number=number, key=key, fault="expected a list, whose entries are rows")
            number += 1
            continue
        for entry in value:
            yield RawRow(number=number, key=key, value={name: entry})
            number += 1


JSON = Format("json", (".json",), read)
