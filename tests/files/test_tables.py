"""Long tables, heads that are passed over, gzip and rows that are plain values."""

from __future__ import annotations

import csv
import gzip
import io
import json
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.errors import DataError
from medspec.files import gzipped
from medspec.files.base import Layout, RawRow
from medspec.files.csv_table import CSV, first_column
from medspec.files.json_document import JSON
from medspec.files.opening import DataFile

TABLE = b"file,kind,x\na,rbc,1\nb,rbc,3\na,wbc,2\n"


def rows(path: Path, layout: Layout) -> list[RawRow]:
    return list(CSV.read(DataFile(path, "FILE"), layout, None).rows)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(TABLE)
    return path


def test_lines_that_agree_are_one_row(table: Path) -> None:
    first, second = rows(table, Layout(group=("file",)))
    assert (first.number, first.line, second.number, second.line) == (0, 2, 1, 3)
    lines = [{"file": "a", "kind": "rbc", "x": "1"}, {"file": "a", "kind": "wbc", "x": "2"}]
    assert first.value == {"file": "a", "lines": lines}
    assert second.value == {"file": "b", "lines": [{"file": "b", "kind": "rbc", "x": "3"}]}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 9)), min_size=1))
def test_groups_hold_every_line_once_as_a_stable_sort_would_have_them(tmp_path_factory, lines) -> None:
    path = tmp_path_factory.mktemp("groups") / "table.csv"
    text = io.StringIO()
    csv.writer(text).writerows([("p", "q", "n"), *lines])
    path.write_text(text.getvalue(), encoding="utf-8")
    for by in (("p",), ("q", "p")):
        places = ["pqn".index(name) for name in by]
        key = itemgetter(*places) if len(places) > 1 else lambda line, place=places[0]: (line[place],)
        expected = {k: [str(line[2]) for line in same] for k, same in groupby(sorted(lines, key=key), key)}
        found = rows(path, Layout(group=by))
        assert {tuple(r.value[n] for n in by): [one["n"] for one in r.value["lines"]] for r in found} == expected
        assert [tuple(row.value[name] for name in by) for row in found] == list(dict.fromkeys(map(key, lines)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"fil,x\na,1\n",
            "FILE: there is no column `file` to group by; did you mean `fil`?; the columns are `fil`, `x`",
        ),
        (
            b"file,x\na,1\nb\n",
            "FILE:3: expected 2 cells, found 1; in a grouped table this could be a line of any row",
        ),
        (b"file,x\na,1\n ,2\n", "FILE:3: the column `file`, by which lines are grouped, is empty here"),
    ],
)
def test_a_table_that_cannot_be_grouped(table: Path, content: bytes, said: str) -> None:
    table.write_bytes(content)
    with pytest.raises(DataError) as caught:
        rows(table, Layout(group=("file",)))
    assert str(caught.value) == said


def test_a_head_is_passed_over_and_lines_keep_their_numbers(table: Path) -> None:
    table.write_bytes(b'a "head" as, no parser likes it\n' + TABLE[:-1] + b",4\n")
    found = rows(table, Layout(skip=1))
    assert [(row.line, row.fault) for row in found] == [(3, None), (4, None), (5, "expected 3 cells, found 4")]
    assert rows(table, Layout(skip=2, names=("f", "k", "n")))[0].value == {"f": "a", "k": "rbc", "n": "1"}


def test_gzip_is_read_as_what_is_inside(table: Path, tmp_path: Path) -> None:
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(TABLE))
    assert rows(packed, Layout()) == rows(table, Layout())
    assert DataFile(packed, "FILE").digest() != DataFile(table, "FILE").digest()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(TABLE)[:-12], "FILE: the gzip file ends too early; the download may have been cut off"),
        (TABLE, "FILE: no sound gzip file: Not a gzipped file (b'fi')"),
        (gzip.compress(b""), "FILE: the file is empty (0 bytes)"),
        (
            gzip.compress(gzip.compress(TABLE)),
            "FILE: the file is compressed with gzip, twice or under a name that does not end in .gz; "
            "unpack it and name the file inside",
        ),
    ],
)
def test_gzip_that_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        rows(path, Layout())
    assert str(caught.value) == said


def test_a_bomb_is_refused_while_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gzipped, "FREE", 1000)
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b"file,kind\n" + b"0" * 5_000_000))
    most = 1000 + 200 * path.stat().st_size
    with pytest.raises(DataError, match=f"^FILE: it unpacks to more than {most:,} bytes, 200 times its size and more$"):
        rows(path, Layout())
    assert most < 5_000_000


def test_rows_that_are_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "masks.json"
    path.write_text(json.dumps({"m/1.png": "1.png", "m/2.png": "1.png"}))
    found = JSON.read(DataFile(path, "FILE"), Layout(value="image"), None).rows
    assert [(row.key, row.value, row.fault) for row in found] == [
        ("m/1.png", {"image": "1.png"}, None),
        ("m/2.png", {"image": "1.png"}, None),
    ]
    plain = list(JSON.read(DataFile(path, "FILE"), Layout(), None).rows)
    assert [row.fault for row in plain] == ["expected an object, found a text"] * 2


def test_entries_of_lists_are_rows(tmp_path: Path) -> None:
    path = tmp_path / "masks.json"
    path.write_text('{"a.png": ["1.png", "2.png"], "b.png": [], "c.png": "3.png", "d.png": ["4.png"]}', "utf-8")
    found = list(JSON.read(DataFile(path, "FILE"), Layout(each="mask"), None).rows)
    assert [(row.number, row.key, row.value) for row in found] == [
        (0, "a.png", {"mask": "1.png"}),
        (1, "a.png", {"mask": "2.png"}),
        (2, "c.png", None),
        (3, "d.png", {"mask": "4.png"}),
    ]
    assert found[2].fault == "expected a list, whose entries are rows"
    path.write_text('[["1.png"], ["2.png"]]', "utf-8")
    found = list(JSON.read(DataFile(path, "FILE"), Layout(each="mask"), None).rows)
    assert [(row.key, row.value) for row in found] == [(None, {"mask": "1.png"}), (None, {"mask": "2.png"})]


def test_ids_in_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("a,x\nb,y\n\n", "utf-8")
    assert first_column(DataFile(path, "FILE"), Layout(names=("id", "other"))) == ("a", "b")
    path.write_text("a,x\nb\n", "utf-8")
    with pytest.raises(DataError, match="FILE:2: expected 2 cells, found 1"):
        first_column(DataFile(path, "FILE"), Layout(names=("id", "other")))
