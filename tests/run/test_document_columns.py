"""Columns from around the rows, from one of several places, and files whose whole name is not known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspec.errors import DataError
from medspec.plan.nodes import Column, FileSource, FromDocument, FromFirst, FromRowNumber, Scan
from medspec.run.roots import DataRoots, find_file
from medspec.run.scan import read_scan
from medspec.types import FieldType, OptionalType, RecordType, TextType, Type

TEXT = TextType()
ROWS = [{"input": "a", "output": ["x", "y"]}, {"input": "b", "output": "z"}]


def scan_of(columns: dict[str, Column], rule: Type = TEXT) -> Scan:
    fields = (FieldType("id", TEXT), FieldType("rule", rule), FieldType("input", TEXT), FieldType("gold", TEXT))
    return Scan(
        id="s1",
        dataset="d",
        subset=None,
        split="test",
        source=FileSource(format="json", path="task1_*.json", at="Instances"),
        record=RecordType("Row", fields),
        columns=tuple(columns.items()),
        id_field="id",
    )


COLUMNS: dict[str, Column] = {
    "id": FromRowNumber(),
    "rule": FromDocument("Definition.0"),
    "gold": FromFirst(("output.0", "output")),
}


def written(folder: Path, document: object, name: str = "task1_any.json") -> DataRoots:
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return DataRoots(given=(folder,))


def test_what_stands_around_the_rows_is_in_every_row(tmp_path: Path) -> None:
    roots = written(tmp_path, {"Definition": ["Say it."], "Instances": ROWS})
    found = read_scan(scan_of(COLUMNS), roots)
    assert [tuple(row.values()) for row in found.rows] == [("0", "Say it.", "a", "x"), ("1", "Say it.", "b", "z")]


def test_what_is_nowhere_is_told(tmp_path: Path) -> None:
    roots = written(tmp_path, {"Instances": [{"input": "a"}]})
    with pytest.raises(DataError) as caught:
        read_scan(scan_of(COLUMNS), roots)
    told = str(caught.value)
    assert 'field `rule` from "Definition.0" of the document: there is no value at `Definition.0`' in told
    assert "field `gold`: there is no value at `output.0` or `output`" in told


def test_what_may_be_missing_is_none(tmp_path: Path) -> None:
    roots = written(tmp_path, {"Instances": ROWS})
    found = read_scan(scan_of(COLUMNS, OptionalType(TEXT)), roots)
    assert [row["rule"] for row in found.rows] == [None, None]


def test_one_file_fits_the_star(tmp_path: Path) -> None:
    roots = written(tmp_path, {}, "task12_other.json")
    with pytest.raises(DataError, match="was not found"):
        find_file("task1_*.json", roots)
    written(tmp_path, {}, "task1_first.json")
    assert find_file("task1_*.json", roots).name == "task1_first.json"
    written(tmp_path, {}, "task1_second.json")
    with pytest.raises(DataError, match="is to be one file, and 2 fit it: .*task1_first.json, .*task1_second.json"):
        find_file("task1_*.json", roots)
