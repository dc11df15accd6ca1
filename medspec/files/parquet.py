"""Parquet, read in slices of some thousand rows, and only the columns that are looked at.

Slices rather than polars' batches: those ran ahead of the reader and held 400 MB of a table that fits in 46 MB by slices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from medspec.errors import DataError
from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.opening import DataFile

if TYPE_CHECKING:
    import polars

SLICE = 8192
"""How many rows are in memory at once."""


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per row of the table."""
    import polars

    file.check(parquet=True)
    try:
        table = polars.scan_parquet(file.path, glob=False, hive_partitioning=False)
        names = tuple(table.collect_schema().names())
        count = int(table.select(polars.len()).collect().item())
    except _faults() as error:
        raise _damaged(file, error) from error
    wanted = [name for name in names if columns is None or name in columns]
    return RawRows(names, _rows(file, table, wanted, count))


def _rows(file: DataFile, table: polars.LazyFrame, wanted: list[str], count: int) -> Iterator[RawRow]:
    # Without a column polars forgets how many rows there are, and the row number is then all that is asked for.
    narrow = table.select(wanted) if wanted else None
    for start in range(0, count, SLICE):
        if narrow is None:
            values: Iterator[dict[str, Any]] = iter([{}] * min(SLICE, count - start))
        else:
            try:
                values = narrow.slice(start, SLICE).collect().iter_rows(named=True)
            except _faults() as error:
                raise _damaged(file, error) from error
        for number, value in enumerate(values, start=start):
            yield RawRow(number=number, value=value)


def _faults() -> tuple[type[BaseException], ...]:
    """What polars raises for a file it cannot read. A damaged one can make it panic, which is no `Exception`."""
    from polars.exceptions import PanicException, PolarsError

    return (PolarsError, PanicException, OSError)


def _damaged(file: DataFile, error: BaseException) -> DataError:
    lines = str(error).strip().splitlines()
    return file.fault(f"the Parquet file is damaged: {lines[0] if lines else type(error).__name__}")


PARQUET = Format("parquet", (".parquet",), read)
