"""Rows written to a file by another program are read back equal, in order, without memory that grows."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import polars
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from medspec.errors import DataError
from medspec.files import FORMATS
from medspec.files import parquet as parquet_format
from medspec.files.base import Format, Layout, RawRow
from medspec.files.json_text import JsonFault, parse_json
from medspec.files.opening import DataFile
from medspec.files.problems import Problems, shorten

BY_NAME = {form.name: form for form in FORMATS}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), min_size=1, max_size=6)


def read(form: Format, path: Path, layout: Layout | None = None) -> list[RawRow]:
    return list(form.read(DataFile(path, path.name), layout or Layout(), None).rows)


def test_every_member_of_the_catalogue_is_named_once() -> None:
    assert [form.name for form in FORMATS] == [
        "jsonl",
        "json",
        "csv",
        "parquet",
        "conll",
        "pubtator",
        "standoff",
        "voc",
    ]
    suffixes = [suffix for form in FORMATS for suffix in form.suffixes]
    assert len(suffixes) == len(set(suffixes))


@given(OBJECTS, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_jsonl_round_trip(rows: list[dict[str, Any]], ascii_only: bool, end: str, mark: bool) -> None:
    path = _folder() / "rows.jsonl"
    text = end.join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    path.write_bytes(text.encode("utf-8-sig" if mark else "utf-8"))
    found = read(BY_NAME["jsonl"], path)
    assert [row.value for row in found] == rows
    assert [(row.number, row.line, row.key) for row in found] == [(n, n + 1, None) for n in range(len(rows))]


@given(OBJECTS, st.sampled_from([None, 2]))
def test_json_round_trip(rows: list[dict[str, Any]], indent: int | None) -> None:
    path = _folder() / "rows.json"
    keyed = {str(number * 7): row for number, row in enumerate(rows)}
    path.write_text(json.dumps({"data": {"list": rows, "by key": keyed}}, indent=indent), encoding="utf-8")
    found = read(BY_NAME["json"], path, Layout(at="data.list"))
    assert [(row.number, row.key, row.value) for row in found] == [(n, None, row) for n, row in enumerate(rows)]
    found = read(BY_NAME["json"], path, Layout(at="data.by key"))
    assert [(row.number, row.key, row.value) for row in found] == [
        (number, key, row) for number, (key, row) in enumerate(keyed.items())
    ]


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', '""', ",", "a\nb", "\r\n"]
)


@given(st.data(), st.sampled_from([",", ";", "\t"]), st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_csv_round_trip(data: st.DataObject, delimiter: str, header: bool, end: str, mark: bool) -> None:
    names = data.draw(st.lists(TEXTS.filter(bool), min_size=2, max_size=4, unique=True))
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(names)), min_size=1, max_size=5))
    buffer = io.StringIO(newline="")
    # The standard library of Python 3.11 leaves a carriage return unquoted, and that is refused.
    returns = any("\r" in cell for row in [names, *rows] for cell in row)
    quoting = csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows(([names] if header else []) + [list(row) for row in rows])
    path = _folder() / "rows.csv"
    path.write_bytes(buffer.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    layout = Layout(names=None if header else tuple(names), delimiter=delimiter)
    source = BY_NAME["csv"].read(DataFile(path, "rows.csv"), layout, None)
    assert source.columns == tuple(names)
    assert [row.value for row in source.rows] == [dict(zip(names, row, strict=True)) for row in rows]


@given(
    st.lists(
        st.tuples(TEXTS, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.lists(TEXTS)), min_size=1
    )
)
def test_parquet_round_trip(rows: list[tuple[str, int, float, list[str]]]) -> None:
    path = _folder() / "rows.parquet"
    values = [
        {"text": text, "count": count, "share": share, "options": {"A": text, "B": None}, "parts": parts}
        for text, count, share, parts in rows
    ]
    schema = {
        "text": polars.String,
        "count": polars.Int64,
        "share": polars.Float64,
        "options": polars.Struct({"A": polars.String, "B": polars.String}),
        "parts": polars.List(polars.String),
    }
    polars.DataFrame(values, schema=schema).write_parquet(path)
    source = BY_NAME["parquet"].read(DataFile(path, "rows.parquet"), Layout(), None)
    assert source.columns == tuple(schema)
    assert [(row.number, row.value) for row in source.rows] == list(enumerate(values))


def test_parquet_is_read_in_slices_and_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_format, "SLICE", 7)
    path = tmp_path / "odd [name]*.parquet"
    table = polars.DataFrame({"id": range(100), "text": [str(n) for n in range(100)], "other": [0.5] * 100})
    table.write_parquet(path, row_group_size=11)
    for wanted, expected in [
        (None, [{"id": n, "text": str(n), "other": 0.5} for n in range(100)]),
        ({"text", "nothing"}, [{"text": str(n)} for n in range(100)]),
        (set[str](), [{} for n in range(100)]),
    ]:
        source = BY_NAME["parquet"].read(DataFile(path, "f"), Layout(), wanted)
        assert source.columns == ("id", "text", "other")
        assert [(row.number, row.value) for row in source.rows] == list(enumerate(expected))


def test_a_damaged_parquet_file_is_a_fault_or_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"id": range(500), "text": [f"note {n}" for n in range(500)]}).write_parquet(path)
    whole = path.read_bytes()
    rng = Random(3)
    faults = 0
    for _ in range(60):
        place = rng.randrange(4, len(whole))
        damaged = whole[:place] if rng.random() < 0.3 else whole[:place] + b"\xff\x00\x7f" + whole[place + 3 :]
        path.write_bytes(damaged)
        try:
            read(BY_NAME["parquet"], path)
        except DataError as error:
            faults += 1
            assert str(error).startswith("rows.parquet: the Parquet file is damaged: ")
    assert faults > 10


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_memory_does_not_grow_with_rows(form: str, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.{form}"
        with path.open("w", encoding="utf-8") as stream:
            if form == "csv":
                stream.write("id,text\n")
            for number in range(count):
                row = {"id": str(number), "text": "patient reports mild chest pain " * 20}
                stream.write(f"{row['id']},{row['text']}\n" if form == "csv" else json.dumps(row) + "\n")
        tracemalloc.start()
        seen = sum(1 for _ in BY_NAME[form].read(DataFile(path, "f"), Layout(), None).rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == count
        return peak

    peak(10)
    assert peak(4000) < 2 * peak(400)


@given(VALUES)
def test_strict_json_agrees_with_the_standard_library(value: Any) -> None:
    text = json.dumps(value)
    assert parse_json(text) == json.loads(text) == value


@given(st.text('{}[]",:ab1. \n\\u0Na', max_size=30))
def test_strict_json_refuses_in_words_what_it_does_not_read(text: str) -> None:
    try:
        value = parse_json(text)
    except JsonFault as fault:
        assert str(fault)
        assert fault.line is None or 1 <= fault.line <= text.count("\n") + 1
    else:
        assert value == json.loads(text)


@given(VALUES)
def test_shortened_values_are_one_printable_line(value: Any) -> None:
    shown = shorten(value)
    assert shown.isprintable()
    assert len(shown) <= 60 + len("… (10,000 characters)")
    if len(json.dumps(value, ensure_ascii=False)) > 400:
        assert shown.endswith("characters)")


@given(TEXTS)
def test_a_short_value_is_shown_whole(text: str) -> None:
    assume(len(json.dumps(text)) <= 60)
    assert json.loads(shorten(text)) == text or not text.isprintable()


def test_problems_are_counted_beyond_the_twentieth() -> None:
    problems = Problems()
    problems.raise_any("f", 0)
    for number in range(25):
        problems.add(f"line {number}")
    with pytest.raises(DataError) as caught:
        problems.raise_any("rows.csv", 1000)
    assert str(caught.value).splitlines()[0] == "rows.csv: 25 problems in 1,000 rows; the first 20 are:"
    assert caught.value.problems == tuple(f"line {number}" for number in range(20))


def _folder() -> Path:
    """One folder for all examples of a property: hypothesis has no fixture per example."""
    if not _FOLDERS:
        _FOLDERS.append(tempfile.TemporaryDirectory())
    return Path(_FOLDERS[0].name)


_FOLDERS: list[Any] = []


PIECES = st.lists(
    st.sampled_from(
        [b'{"id": 1}', b"[", b"]", b",", b'"', b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xef\xbb\xbf", b"a,b"]
    )
    | st.binary(max_size=3)
    | st.sampled_from([b"PAR1", b"\\ud800", b"NaN", b"1e999", b'{"a": 1, "a": 2}', b'{"k": {}, "l": 7}']),
    max_size=8,
).map(b"".join)


@given(PIECES, st.sampled_from(FORMATS))
def test_whatever_the_bytes_there_are_rows_or_a_fault_in_words(content: bytes, form: Format) -> None:
    path = _folder() / "any"
    path.write_bytes(content)
    try:
        for number, row in enumerate(read(form, path)):
            assert row.number == number
            assert (row.fault is None) == isinstance(row.value, dict)
    except DataError as error:
        assert str(error).startswith("any:")
        assert len(str(error).splitlines()) == 1
