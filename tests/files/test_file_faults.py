"""Every fault a data file can have, by the exact words a person reads. FILE stands for the file's path."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from unprivileged import needs_permissions, ordinary_user

from medspec.errors import DataError
from medspec.files import FORMATS
from medspec.files.base import Layout, RawRow
from medspec.files.json_document import read_ids
from medspec.files.opening import DataFile

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
GOOD_LINES = b"".join(b'{"id": %d}\n' % number for number in range(7411))


def read_all(path: Path, form: str, layout: Layout | None = None) -> list[RawRow]:
    member = next(member for member in FORMATS if member.name == form)
    return list(member.read(DataFile(path, "FILE"), layout or Layout(), None).rows)


WHOLE_FILE = {
    "empty jsonl": ("jsonl", b"", "FILE: the file is empty (0 bytes)"),
    "empty json": ("json", b"", "FILE: the file is empty (0 bytes)"),
    "empty csv": ("csv", b"", "FILE: the file is empty (0 bytes)"),
    "empty parquet": ("parquet", b"", "FILE: the file is empty (0 bytes)"),
    "blank json": ("json", b" \n\n", "FILE: the file holds nothing but blanks"),
    "blank csv": ("csv", b"\n\n", "FILE: the file holds nothing but blank lines"),
    "lfs pointer": (
        "jsonl",
        LFS,
        "FILE: this is a Git-LFS pointer, not the data; fetch the file itself with `git lfs pull`",
    ),
    "lfs pointer for parquet": (
        "parquet",
        LFS,
        "FILE: this is a Git-LFS pointer, not the data; fetch the file itself with `git lfs pull`",
    ),
    "gzip": (
        "jsonl",
        gzip.compress(b'{"id": 1}\n'),
        "FILE: the file is compressed with gzip, twice or under a name that does not end in .gz; unpack it and name the file inside",
    ),
    "zip": ("csv", b"PK\x03\x04rest", "FILE: the file is a zip archive; unpack it and name the file inside"),
    "web page": (
        "json",
        b"\n<!DOCTYPE html><title>Sign in</title>",
        "FILE: this is a web page, perhaps a login page that was saved in place of the data",
    ),
    "parquet named csv": ("csv", b"PAR1rest", "FILE: this is a Parquet file; read it with `parquet(...)`"),
    "text named parquet": ("parquet", b"id,text\n", "FILE: this is no Parquet file: it does not begin with PAR1"),
    "utf-16": ("csv", "id,text\n".encode("utf-16"), "FILE: the text is UTF-16; save it as UTF-8"),
    "document named jsonl": (
        "jsonl",
        b'{\n  "id": 1\n}\n',
        "FILE:1: this is one JSON document, not one object per line; read it with `json(...)`",
    ),
    "list named jsonl": (
        "jsonl",
        b'[{"id": 1}, {"id": 2}]\n',
        "FILE:1: this is one JSON document, not one object per line; read it with `json(...)`",
    ),
    "jsonl named json": (
        "json",
        b'{"id": 1}\n{"id": 2}\n',
        "FILE: there is one object per line here; read the file with `jsonl(...)`",
    ),
    "json syntax": (
        "json",
        b'[\n  {"id": 1},\n  {"id" 2}\n]',
        "FILE:3: JSON error: expecting ':' delimiter (column 9)",
    ),
    "json cut off": ("json", b'[{"id": 1', "FILE:1: JSON error: expecting ',' delimiter (column 10)"),
    "json key twice": (
        "json",
        b'{"a": {},\n"b": {},\n"a": {}}',
        'FILE:3: the key "a" is given twice in one object (column 1)',
    ),
    "json key twice among others": (
        "json",
        b'[{"a": 1}, {"a": 1},\n{"a": 1, "a": 2}]',
        'FILE:2: the key "a" is given twice in one object (column 10)',
    ),
    "json key twice, written in two ways": (
        "json",
        b'[{"x": ["a:", {"a": 1}], "a": "\\"b\\":",\n   "\\u0061" : 2}]',
        'FILE:2: the key "a" is given twice in one object (column 4)',
    ),
    "json nan": ("json", b'[{"a": NaN}]', "FILE:1: JSON has no NaN (column 8)"),
    "json infinity": ("json", b'[{"NaN": "NaN"},\n{"a": -Infinity}]', "FILE:2: JSON has no -Infinity (column 7)"),
    "json deep": ("json", b"[" * 100_000, "FILE: JSON error: nested too deep"),
    "json number": ("json", b"7", "FILE: the document is neither a list nor an object, so it holds no rows"),
    "json wrapped": (
        "json",
        b'{"version": 1, "data": [{"id": 1}]}',
        'FILE: the document is an object whose rows lie deeper; read them with `at: "data"`',
    ),
    "json utf-8": ("json", b'[{"a":\n"\xff"}]', "FILE:2: not UTF-8: byte 0xff at offset 8 of the file"),
    "csv utf-8": (
        "csv",
        b"\xef\xbb\xbfid,text\n1,caf\xe9\n",
        "FILE:2: not UTF-8: byte 0xe9 at offset 16 of the file",
    ),
    "csv unclosed quote": (
        "csv",
        b'id,text\n1,fine\n2,"never closed\n3,more\n',
        "FILE:3: a quote is opened in this row and never closed",
    ),
    "csv stray quote": (
        "csv",
        b'id,text\n1,"a "b" c"\n',
        "FILE:2: a closing quote is followed by more text in this row; inside a quoted cell write a quote twice",
    ),
    "csv quote that swallows rows": (
        "csv",
        b'id,text\n1,"open\n2,"fine"\n3,x\n',
        "FILE:2: a closing quote is followed by more text in this row (it runs to line 3); "
        "inside a quoted cell write a quote twice",
    ),
    "csv carriage returns": (
        "csv",
        b"id,text\r1,a\r2,b\r",
        "FILE:1: a carriage return stands alone in this row; save the file with LF or CRLF line ends",
    ),
    "csv header twice": ("csv", b"id,text,id\n1,a,2\n", "FILE:1: the header names the column `id` twice"),
}


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_a_file_that_cannot_be_read(case: str, tmp_path: Path) -> None:
    form, content, expected = WHOLE_FILE[case]
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_all(path, form)
    assert str(caught.value) == expected


ONE_ROW = {
    "json error in line 7412": (
        "jsonl",
        GOOD_LINES + b'{"id": 7411,, "text": "x"}\n{"id": 7412}\n',
        (7411, "FILE:7412", "JSON error: expecting property name enclosed in double quotes (column 13)"),
    ),
    "utf-8 in line 7412": (
        "jsonl",
        GOOD_LINES + b'{"id": "\xc3("}\n{"id": 7412}\n',
        (7411, "FILE:7412", f"not UTF-8: byte 0xc3 at offset {len(GOOD_LINES) + 8:,} of the file"),
    ),
    "byte order mark counts": (
        "jsonl",
        b'\xef\xbb\xbf{"id": "\xff"}\n{"id": 1}\n',
        (0, "FILE:1", "not UTF-8: byte 0xff at offset 11 of the file"),
    ),
    "list in a line": ("jsonl", b'{"id": 0}\n[1]\n{"id": 2}\n', (1, "FILE:2", "expected an object, found a list")),
    "text in a line": ("jsonl", b'{"id": 0}\n"x"\n{"id": 2}\n', (1, "FILE:2", "expected an object, found a text")),
    "null in a line": ("jsonl", b'{"id": 0}\n\nnull\n{"id": 2}\n', (1, "FILE:3", "expected an object, found null")),
    "key twice": (
        "jsonl",
        b'{"id": 0}\n{"id": 1, "gold": "A", "gold": "B"}\n{"id": 2}\n',
        (1, "FILE:2", 'the key "gold" is given twice in one object (column 24)'),
    ),
    "key twice, inside": (
        "jsonl",
        b'{"id": 0}\n{"id": 1, "o": {"A": 1, "A": 2}}\n{"id": 2}\n',
        (1, "FILE:2", 'the key "A" is given twice in one object (column 25)'),
    ),
    "nan": ("jsonl", b'{"id": 0}\n{"id": NaN}\n{"id": 2}\n', (1, "FILE:2", "JSON has no NaN (column 8)")),
    "too large": (
        "jsonl",
        b'{"id": 0}\n{"id": 1e999}\n{"id": 2}\n',
        (1, "FILE:2", "the number 1e999 is too large (column 8)"),
    ),
    "too long": (
        "jsonl",
        b'{"id": 0}\n{"id": ' + b"7" * 5000 + b'}\n{"id": 2}\n',
        (1, "FILE:2", "a number of 5,000 digits is too long (column 8)"),
    ),
    "half a surrogate pair": (
        "jsonl",
        b'{"id": 0}\n{"id": "\\ud83d"}\n{"id": "\\ud83d\\ude00"}\n',
        (1, "FILE:2", "the escape \\ud83d is half of a surrogate pair and stands alone"),
    ),
    "too few cells": ("csv", b"id,text\n0,a\n1\n2,c\n", (1, "FILE:3", "expected 2 cells, found 1")),
    "too many cells": ("csv", b'id,text\n0,"a\nb"\n1,b,c\n2,c\n', (1, "FILE:4", "expected 2 cells, found 3")),
    "json entry": (
        "json",
        b'[{"id": 0}, 7, {"id": 2}]',
        (1, "FILE, row 1 (counted from 0)", "expected an object, found a number"),
    ),
    "json key": (
        "json",
        b'{"a": {"id": 0}, "b": null, "c": {"id": 2}}',
        (1, 'FILE, key "b"', "expected an object, found null"),
    ),
}


@pytest.mark.parametrize("case", ONE_ROW)
def test_a_row_that_cannot_be_read_does_not_hide_the_next(case: str, tmp_path: Path) -> None:
    form, content, expected = ONE_ROW[case]
    path = tmp_path / "data"
    path.write_bytes(content)
    rows = read_all(path, form)
    faulty = [(row.number, row.place("FILE"), row.fault) for row in rows if row.fault is not None]
    assert faulty == [expected]
    assert [row.number for row in rows] == list(range(len(rows)))
    assert rows[-1].fault is None


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    for form in ("jsonl", "json", "csv", "parquet"):
        with pytest.raises(DataError, match=r"^FILE: there is no such file$"):
            read_all(tmp_path / "none", form)
        with pytest.raises(DataError, match=r"^FILE: this is a directory; name a file in it$"):
            read_all(tmp_path, form)


@needs_permissions
def test_a_file_without_read_permission() -> None:
    with ordinary_user() as folder:
        path = folder / "data.jsonl"
        path.write_bytes(b"{}")
        path.chmod(0)
        for form in ("jsonl", "json", "csv", "parquet"):
            with pytest.raises(DataError, match=r"^FILE: no permission to read this file$"):
                read_all(path, form)


IDS = {
    "a number": (b"7", "FILE: the document is neither a list nor an object, so it holds no ids"),
    "an entry": (
        b'["a", null]',
        "FILE: entry 1 (counted from 0) is no id: expected a text or a whole number",
    ),
    "path": (
        b'{"splits": {"tset": [], "train": []}}',
        "FILE: there is no `test` in `splits` (there: `tset`, `train`); did you mean `tset`?",
    ),
}


@pytest.mark.parametrize("case", IDS)
def test_a_list_of_ids_that_is_none(case: str, tmp_path: Path) -> None:
    content, expected = IDS[case]
    path = tmp_path / "ids.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_ids(DataFile(path, "FILE"), "splits.test" if case == "path" else None)
    assert str(caught.value) == expected


def test_ids_are_entries_or_keys(tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_bytes(b'{"a": ["x", 7], "b": {"k": 1, "2": 2}}')
    assert read_ids(DataFile(path, "FILE"), "a") == ("x", "7")
    assert read_ids(DataFile(path, "FILE"), "b") == ("k", "2")
