"""The contract of the catalogue of data formats.

A format offers raw rows one after another, so that memory does not grow with the file (a JSON document excepted: it is
one value). A row that cannot be read is a row with a `fault`, and the next one is read; what makes the rest of the file
unreadable is a `DataError`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import attrs

from medspec.files.opening import DataFile


@attrs.frozen(kw_only=True)
class Layout:
    """How rows lie in a file, as far as the file does not say so itself.

    `at` is the dotted path to the rows inside a JSON document, `names` are the column names of a CSV file without a
    header line, `delimiter` stands between its cells. `skip` lines at its head are passed over; lines that agree in the
    columns `group` are one row. `value` names the column of rows that are plain values in a JSON document, `each` that of
    values that stand in lists, which are a row each.
    Formats ignore what does not concern them.
    """

    at: str | None = None
    names: tuple[str, ...] | None = None
    delimiter: str = ","
    skip: int = 0
    group: tuple[str, ...] = ()
    value: str | None = None
    each: str | None = None


@attrs.frozen(kw_only=True)
class RawRow:
    """One row as the file holds it.

    `number` counts the rows of the file from 0. `line` is where the row starts in a file of lines (from 1), `key` the
    key it stands under in a JSON object. `value` is an object unless `fault` says what is wrong.
    """

    number: int
    line: int | None = None
    key: str | None = None
    value: Any = None
    fault: str | None = None

    def place(self, name: str) -> str:
        """Where the row is, for people: `name:7`, `name, key "123"` or `name, row 7 (counted from 0)`."""
        if self.line is not None:
            return f"{name}:{self.line}"
        if self.key is not None:
            return f'{name}, key "{self.key}"'
        return f"{name}, row {self.number} (counted from 0)"


@attrs.frozen
class RawRows:
    """`columns` are the names of the columns where the file states them (CSV, Parquet), else None.

    `document` is the whole of a JSON document, whose rows may lie deeper.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[RawRow]
    document: Any = None


@attrs.frozen
class Format:
    """A member of the catalogue. `suffixes` are the ends of file names that mean this format.

    `read` gets the file, its layout, and the top-level columns that will be looked at (None: all of them; a format may
    offer more than was asked for). It raises `DataError`. With `folder` a source is a whole folder, a `DataFolder`.
    """

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[DataFile, Layout, Collection[str] | None], RawRows]
    folder: bool = False


def fault_of(value: Any) -> str | None:
    """Why `value` is no row, or None when it is one."""
    if isinstance(value, dict):
        return None
    kinds = {str: "a text", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return f"expected an object, found {kinds.get(type(value), 'null')}"
