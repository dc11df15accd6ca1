"""JSON Lines: one object per line. Empty lines are passed over and are no rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from medspec.files.base import Format, Layout, RawRow, RawRows, fault_of
from medspec.files.json_text import JsonFault, parse_json
from medspec.files.opening import DataFile


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per line; reads on after a line that is damaged."""
    file.check(parquet=False)
    return RawRows(None, _rows(file))


def _rows(file: DataFile) -> Iterator[RawRow]:
    number = 0
    for line, offset, raw in file.raw_lines():
        if not raw.strip():
            continue
        try:
            value = parse_json(raw.decode().rstrip("\r\n"))
            fault = fault_of(value)
        except UnicodeDecodeError as error:
            value, fault = None, file.not_utf8(error, offset)
        except JsonFault as error:
            value, fault = None, str(error) if error.column is None else f"{error} (column {error.column:,})"
        if number == 0 and fault is not None and _is_document(raw, value):
            raise file.fault("this is one JSON document, not one object per line; read it with `json(...)`", line=line)
        yield RawRow(number=number, line=line, value=value, fault=fault)
        number += 1


def _is_document(first: bytes, value: Any) -> bool:
    """Whether a first line that is no row begins a document that goes on over several lines, or is one big list."""
    return isinstance(value, list) or first.strip() in (b"{", b"[", b"[{")


JSONL = Format("jsonl", (".jsonl", ".ndjson"), read)
