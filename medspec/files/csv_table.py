"""CSV: cells in rows, with a header line or with names from the spec. Every cell is text.

Quotes are read as RFC 4180 has them: a quoted cell may hold delimiters, line breaks and doubled quotes; a quote in any
other place is an error and never guessed at, since one stray quote can swallow a thousand rows.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator

from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.grouped import grouped
from medspec.files.opening import DataFile

CELL_LIMIT = 1 << 26
"""The most characters a cell may have; the standard library's own limit is too small for a long clinical note."""


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per record; a record with too few or too many cells is a row with a fault, an open quote the end."""
    file.check(parquet=False)
    found = _table(file, layout)
    return found if not layout.group else grouped(file, found, layout.group)


def first_column(file: DataFile, layout: Layout) -> tuple[str, ...]:
    """The first cell of each row, in order. Raises `DataError` for a row that cannot be read."""
    found = []
    for row in read(file, layout, None).rows:
        if row.fault is not None:
            raise file.fault(row.fault, line=row.line)
        found.append(next(iter(row.value.values())))
    return tuple(found)


def _table(file: DataFile, layout: Layout) -> RawRows:
    """The lines of the table as they are, one row each."""
    records = _records(file, layout.delimiter, layout.skip)
    if layout.names is not None:
        return RawRows(layout.names, _rows(records, layout.names))
    first = next(records, None)
    if first is None:
        raise file.fault("the file holds nothing but blank lines")
    line, names = first
    repeated = [name for index, name in enumerate(names) if name and name in names[:index]]
    if repeated:
        raise file.fault(f"the header names the column `{repeated[0]}` twice", line=line)
    return RawRows(tuple(name for name in names if name), _rows(records, tuple(names)))


def _rows(records: Iterator[tuple[int, list[str]]], names: tuple[str, ...]) -> Iterator[RawRow]:
    for number, (line, cells) in enumerate(records):
        if len(cells) == len(names):
            yield RawRow(number=number, line=line, value=dict(zip(names, cells, strict=True)))
        else:
            fault = f"expected {len(names)} cell{'s' * (len(names) != 1)}, found {len(cells)}"
            yield RawRow(number=number, line=line, fault=fault)


def _records(file: DataFile, delimiter: str, skip: int) -> Iterator[tuple[int, list[str]]]:
    """The line each record starts at, and its cells. Blank lines are no records; the first `skip` lines are not read."""
    csv.field_size_limit(max(csv.field_size_limit(), CELL_LIMIT))
    reader = csv.reader((text for line, text in file.lines() if line > skip), delimiter=delimiter, strict=True)
    while True:
        line = skip + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise file.fault(_in_words(str(error), line, skip + reader.line_num, delimiter), line=line) from None
        if cells:
            yield line, cells


def _in_words(message: str, start: int, line: int, delimiter: str) -> str:
    over = f" (it runs to line {line:,})" if line > start else ""
    if message == "unexpected end of data":
        return "a quote is opened in this row and never closed"
    if "expected after" in message:
        # Most often a quote inside a cell was not doubled, or one was never closed and met the next.
        return f"a closing quote is followed by more text in this row{over}; inside a quoted cell write a quote twice"
    if "new-line character" in message:
        return "a carriage return stands alone in this row; save the file with LF or CRLF line ends"
    if "field larger" in message:
        return f"a cell is longer than {CELL_LIMIT:,} characters; a quote may be open"
    return f"CSV error: {message}{over}"


CSV = Format("csv", (".csv",), read)
