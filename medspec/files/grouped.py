"""Many lines of a table as one row: those that agree in the columns by which they are grouped.

    file,kind,x                  {"file": "a", "lines": [{"file": "a", "kind": "rbc", "x": "1"},
    a,rbc,1                                              {"file": "a", "kind": "wbc", "x": "2"}]}
    b,rbc,3           file       {"file": "b", "lines": [{"file": "b", "kind": "rbc", "x": "3"}]}
    a,wbc,2

Rows come in the order in which they are first met, lines in that of the file. A line that cannot be read could belong
to any row, which would then lack it, so it is the end of reading and not the fault of one row.
"""

from __future__ import annotations

from medspec.files.base import RawRow, RawRows
from medspec.files.dotted import did_you_mean, name_list
from medspec.files.opening import DataFile

LINES = "lines"
"""The column that holds the lines of a row."""


def grouped(file: DataFile, table: RawRows, by: tuple[str, ...]) -> RawRows:
    """The lines of `table` by their cells in the columns `by`. Raises `DataError`, see the head of this file."""
    columns = table.columns or ()
    for name in by:
        if name not in columns:
            meant = did_you_mean(name, columns)
            raise file.fault(f"there is no column `{name}` to group by{meant}; the columns are {name_list(columns)}")
    groups: dict[tuple[str, ...], tuple[int | None, list[dict[str, str]]]] = {}
    for line in table.rows:
        if line.fault is not None:
            raise file.fault(f"{line.fault}; in a grouped table this could be a line of any row", line=line.line)
        key = tuple(line.value[name] for name in by)
        for name, cell in zip(by, key, strict=True):
            if not cell.strip():
                raise file.fault(f"the column `{name}`, by which lines are grouped, is empty here", line=line.line)
        groups.setdefault(key, (line.line, []))[1].append(line.value)
    rows = (
        RawRow(number=number, line=start, value={**dict(zip(by, key, strict=True)), LINES: lines})
        for number, (key, (start, lines)) in enumerate(groups.items())
    )
    return RawRows((*by, LINES), rows)
