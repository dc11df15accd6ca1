"""Typed rows, and every problem of a row by the exact words a person reads. ROOT stands for the folder of the test."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import polars
import pytest

from medspec.errors import DataError, UsageError
from medspec.plan.nodes import FileSource, FromKey, FromPath, FromPaths, FromRowNumber, Keep, Scan
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows, read_scan
from medspec.types import (
    BooleanType,
    ChoiceType,
    EnumCase,
    EnumType,
    FieldType,
    FloatType,
    IntegerType,
    ListType,
    OptionalType,
    RecordType,
    TextType,
    Type,
)

TEXT = TextType()
OPTIONS = ListType(TEXT, low=2)
LETTER = ChoiceType("options", written="letter")
GRADE = EnumType("Grade", (EnumCase("low", "Low risk"), EnumCase("high", "High risk")))


def scan_of(path: str, fields: dict[str, Type], columns: dict[str, Any] | None = None, **named: Any) -> Scan:
    form = path.rpartition(".")[2]
    record = RecordType("Case", tuple(FieldType(name, type_) for name, type_ in fields.items()))
    defaults: dict[str, Any] = {
        "id": "s1",
        "dataset": "cases",
        "subset": None,
        "split": "test",
        "source": FileSource(format=form, path=path),
        "record": record,
        "columns": tuple((columns or {}).items()),
        "id_field": "id" if "id" in fields else None,
    }
    return Scan(**(defaults | named))


def write(tmp_path: Path, name: str, content: str | list[Any]) -> None:
    if not isinstance(content, str):
        content = "".join(json.dumps(row) + "\n" for row in content) if name.endswith("jsonl") else json.dumps(content)
    (tmp_path / name).write_text(content, encoding="utf-8")


def read(tmp_path: Path, scan: Scan, limit: int | None = None) -> Rows:
    return read_scan(scan, DataRoots(given=(tmp_path,)), limit=limit)


def refusal(tmp_path: Path, scan: Scan, limit: int | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(tmp_path, scan, limit)
    return str(caught.value).replace(str(tmp_path), "ROOT")


CASES = [
    {"id": "a", "options": {"A": "x", "B": "y"}, "gold": "B", "meta": {"age": 61, "drugs.daily": 2}, "share": 0.25},
    {"id": "b", "options": {"A": "z", "B": "w"}, "gold": "A", "meta": {"age": 7, "drugs.daily": 0}, "share": 1},
]
FIELDS: dict[str, Type] = {
    "gold": LETTER,
    "id": TEXT,
    "options": OPTIONS,
    "age": IntegerType(0, 130),
    "drugs": IntegerType(),
    "share": FloatType(0.0, 1.0),
    "note": OptionalType(TEXT),
    "number": TEXT,
}
COLUMNS = {
    "options": FromPaths(("options.A", "options.B")),
    "age": FromPath("meta.age"),
    "drugs": FromPath("meta.drugs.daily"),
    "number": FromRowNumber(first=1, width=4),
}
EXPECTED = [
    {"gold": 1, "id": "a", "options": ("x", "y"), "age": 61, "drugs": 2, "share": 0.25, "note": None, "number": "0001"},
    {"gold": 0, "id": "b", "options": ("z", "w"), "age": 7, "drugs": 0, "share": 1.0, "note": None, "number": "0002"},
]


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
def test_rows_are_typed_records_in_the_order_of_the_file(form: str, tmp_path: Path) -> None:
    name = f"cases.{form}"
    if form == "parquet":
        polars.DataFrame(CASES, strict=False).write_parquet(tmp_path / name)
    else:
        write(tmp_path, name, CASES)
    found = read(tmp_path, scan_of(name, FIELDS, COLUMNS))
    assert found.rows == EXPECTED
    assert [list(row) for row in found.rows] == [list(FIELDS)] * 2
    assert found.ids == ["a", "b"]
    assert found.file == tmp_path / name
    assert found.digest == sha256((tmp_path / name).read_bytes()).hexdigest()
    assert found.others == ()


def test_rows_of_a_csv_file_without_a_header(tmp_path: Path) -> None:
    write(tmp_path, "cases.csv", 'Which?;one;two;B;61;\n"Why,\nthen?";x;y;A;7;0.5\n')
    fields = {"q": TEXT, "options": OPTIONS, "gold": LETTER, "age": IntegerType(), "share": OptionalType(FloatType())}
    scan = scan_of("cases.csv", fields, {"options": FromPaths(("a", "b"))})
    names = ("q", "a", "b", "gold", "age", "share")
    found = read(
        tmp_path, attrs.evolve(scan, source=FileSource(format="csv", path="cases.csv", names=names, delimiter=";"))
    )
    assert found.rows == [
        {"q": "Which?", "options": ("one", "two"), "gold": 1, "age": 61, "share": None},
        {"q": "Why,\nthen?", "options": ("x", "y"), "gold": 0, "age": 7, "share": 0.5},
    ]
    assert found.ids == ["0", "1"]


def test_keys_of_a_document_are_fields(tmp_path: Path) -> None:
    write(tmp_path, "cases.json", json.dumps({"data": {"17": {"t": "a"}, "4": {"t": "b"}}}))
    scan = scan_of("cases.json", {"id": TEXT, "t": TEXT}, {"id": FromKey()})
    found = read(tmp_path, attrs.evolve(scan, source=FileSource(format="json", path="cases.json", at="data")))
    assert found.rows == [{"id": "17", "t": "a"}, {"id": "4", "t": "b"}]


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        (IntegerType(), [10, 9], ["10", "9"]),
        (GRADE, ["High risk", "low"], ["high", "low"]),
        (BooleanType(), [True, False], ["true", "false"]),
        (FloatType(), [1, 0.1], ["1.0", "0.1"]),
        (ListType(TEXT), [["a", "é"], []], ['["a","é"]', "[]"]),
    ],
)
def test_ids_have_a_text_form(type_: Type, raw: list[Any], expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": value} for value in raw])
    assert read(tmp_path, scan_of("cases.jsonl", {"id": type_})).ids == expected


def keeping(ids: str, *, negate: bool = False) -> Keep:
    return Keep(field="id", ids=FileSource(format="json", path=ids), negate=negate)


def test_splits_by_id_and_limits_share_row_numbers(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": n} for n in range(10)])
    write(tmp_path, "ids.json", [7, "2", 5])
    write(tmp_path, "fewer.json", json.dumps({"5": 0, "7": 0}))
    scan = scan_of("cases.jsonl", {"id": IntegerType(), "n": TEXT}, {"n": FromRowNumber()})
    for keep, limit, expected in [
        ((keeping("ids.json"),), None, "257"),
        ((keeping("ids.json"),), 2, "25"),
        ((keeping("ids.json"),), 3, "257"),
        ((keeping("ids.json", negate=True),), None, "0134689"),
        ((keeping("ids.json", negate=True),), 3, "013"),
        ((keeping("ids.json"), keeping("fewer.json", negate=True)), None, "2"),
    ]:
        found = read(tmp_path, attrs.evolve(scan, keep=keep), limit)
        assert "".join(found.ids) == expected
        assert [row["n"] for row in found.rows] == list(expected)
        assert found.others[0] == (tmp_path / "ids.json", sha256(b'[7, "2", 5]').hexdigest())


def test_a_limit_reads_no_further_than_it_must(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", '{"id": "a"}\n{"id": "b"}\nnot JSON\n')
    scan = scan_of("cases.jsonl", {"id": TEXT})
    assert read(tmp_path, scan, 2).ids == ["a", "b"]
    with pytest.raises(DataError):
        read(tmp_path, scan, 3)
    with pytest.raises(UsageError, match="the limit is 0; at least 1 row must be read"):
        read(tmp_path, scan, 0)


def test_rows_of_another_split_are_not_checked(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": "a", "t": "fine"}, {"id": "b", "t": None}])
    write(tmp_path, "ids.json", ["a"])
    scan = scan_of("cases.jsonl", {"id": TEXT, "t": TEXT})
    assert read(tmp_path, attrs.evolve(scan, keep=(keeping("ids.json"),))).ids == ["a"]
    assert "1 problem in 2 rows" in refusal(tmp_path, scan)


def test_every_problem_is_told_with_its_place(tmp_path: Path) -> None:
    rows: list[Any] = [
        {"id": "a", "options": ["x", "y"], "gold": "B", "grade": "low"},
        {"id": "b", "options": ["x", "y"], "gold": "E", "grade": "medium"},
        {"id": "c", "options": ["only one"], "gold": "A", "grade": "high"},
        {"id": "d", "options": ["x", 7], "gold": "A", "grade": None},
        {"options": ["x", "y"], "gold": "A", "grade": "x" * 100},
        {"id": "a", "options": ["x", "y"], "gold": "A", "grade": "low"},
        {"id": "", "options": ["x", "y"], "gold": "A", "grade": "low"},
        7,
    ]
    write(tmp_path, "cases.jsonl", rows)
    fields = {"id": TEXT, "options": OPTIONS, "gold": LETTER, "risk": GRADE}
    scan = scan_of("cases.jsonl", fields, {"risk": FromPath("grade")})
    assert refusal(tmp_path, scan) == (
        "ROOT/cases.jsonl: 10 problems in 8 rows:\n"
        '  ROOT/cases.jsonl:2: field `risk` from "grade": "medium": expected one of low, high\n'
        '  ROOT/cases.jsonl:2: field `gold`: "E": there are 2 options, so this is no option\n'
        '  ROOT/cases.jsonl:3: field `options`: ["only one"]: expected at least 2 entries, found 1\n'
        '  ROOT/cases.jsonl:4: field `options`: ["x", 7]: entry 1: expected text\n'
        '  ROOT/cases.jsonl:4: field `risk` from "grade": null: expected one of low, high\n'
        "  ROOT/cases.jsonl:5: field `id`: there is no value at `id`\n"
        f'  ROOT/cases.jsonl:5: field `risk` from "grade": "{"x" * 59}… (102 characters): expected one of low, high\n'
        '  ROOT/cases.jsonl:6: field `id`: the id "a" is that of ROOT/cases.jsonl:1 already\n'
        "  ROOT/cases.jsonl:7: field `id`: a row's id must not be empty\n"
        "  ROOT/cases.jsonl:8: expected an object, found a number"
    )


def test_private_values_and_ids_stay_out_of_messages(tmp_path: Path) -> None:
    write(tmp_path, "cases.json", json.dumps({"MRN-1": {"t": "Jane Doe", "n": "x"}, "MRN-2": {"t": 0, "n": "x"}}))
    write(tmp_path, "ids.json", ["MRN-1", "MRN-3"])
    scan = scan_of("cases.json", {"id": TEXT, "t": BooleanType()}, {"id": FromKey()}, private=True)
    found = refusal(tmp_path, scan)
    assert found == (
        "ROOT/cases.json: 2 problems in 2 rows:\n"
        "  ROOT/cases.json, row 0 (counted from 0): field `t`: (value not shown: the data are private): "
        "expected true or false\n"
        "  ROOT/cases.json, row 1 (counted from 0): field `t`: (value not shown: the data are private): "
        "expected true or false"
    )
    found = refusal(tmp_path, attrs.evolve(scan, id_field="n", record=RecordType("R", (FieldType("n", TEXT),))))
    assert found.endswith("field `n`: the id is that of ROOT/cases.json, row 0 (counted from 0) already")
    text = attrs.evolve(scan, record=RecordType("R", (FieldType("id", TEXT),)), keep=(keeping("ids.json"),))
    assert refusal(tmp_path, text).endswith("ROOT/ids.json: 1 id of this list matches no `id` in ROOT/cases.json")


def test_the_rest_of_many_problems_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": str(n), "t": n} for n in range(3000)])
    found = refusal(tmp_path, scan_of("cases.jsonl", {"id": TEXT, "t": TEXT})).splitlines()
    assert found[0] == "ROOT/cases.jsonl: 3,000 problems in 3,000 rows; the first 20 are:"
    assert len(found) == 21
    assert found[20] == "  ROOT/cases.jsonl:20: field `t`: 19: expected text"


def test_an_absent_column_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, "cases.csv", "id,question,answer\na,b,c\nd,e,f\n")
    polars.DataFrame({"id": ["a", "b"], "question": ["", ""], "answer": ["", ""]}).write_parquet(
        tmp_path / "cases.parquet"
    )
    write(tmp_path, "cases.jsonl", [{"id": "a", "question": "b", "answer": "c"}] * 2)
    fields: dict[str, Type] = {"id": TEXT, "question": TEXT, "gold": TEXT, "note": OptionalType(TEXT)}
    for name in ("cases.csv", "cases.parquet", "cases.jsonl"):
        assert refusal(tmp_path, scan_of(name, fields, {"question": FromPath("quesiton")})) == (
            f"ROOT/{name}: the columns do not fit the record `Case`:\n"
            "  field `question`: there is no column `quesiton`; did you mean `question`?\n"
            "  field `gold`: there is no column `gold`\n"
            "  the columns are `id`, `question`, `answer`"
        )


def test_an_absent_column_inside_a_column(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"options": {"A": "x", "B": "y"}, "notes": ["n"]}])
    fields: dict[str, Type] = {"options": OPTIONS, "gold": LETTER, "note": TEXT}
    columns = {
        "options": FromPaths(("options.A", "options.C")),
        "gold": FromPath("gold"),
        "note": FromPath("notes.1"),
    }
    assert refusal(tmp_path, scan_of("cases.jsonl", fields, columns)) == (
        "ROOT/cases.jsonl: the columns do not fit the record `Case`:\n"
        "  field `options`: there is no column `C` in `options`\n"
        "  field `gold`: there is no column `gold`\n"
        "  the columns in `options` are `A`, `B`\n"
        "  the columns are `options`, `notes`"
    )
    del fields["gold"], fields["options"]
    assert refusal(tmp_path, scan_of("cases.jsonl", fields, columns)) == (
        "ROOT/cases.jsonl: 1 problem in 1 row:\n"
        '  ROOT/cases.jsonl:1: field `note` from "notes.1": there is no value at `notes.1`'
    )


def test_keys_are_only_where_rows_stand_in_an_object(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"t": "a"}])
    assert refusal(tmp_path, scan_of("cases.jsonl", {"id": TEXT}, {"id": FromKey()})) == (
        "ROOT/cases.jsonl: the columns do not fit the record `Case`:\n"
        "  field `id` is the row's key, but the rows stand in a list and have no keys"
    )


def test_optional_fields(tmp_path: Path) -> None:
    write(
        tmp_path, "cases.jsonl", [{"t": None, "o": ["a", "b"], "g": "B"}, {"o": None, "g": None}, {"o": None, "g": "A"}]
    )
    fields: dict[str, Type] = {
        "t": OptionalType(TEXT),
        "options": OptionalType(ListType(TEXT)),
        "gold": OptionalType(LETTER),
        "pair": OptionalType(ListType(TEXT)),
    }
    columns = {"options": FromPath("o"), "gold": FromPath("g"), "pair": FromPaths(("o.0", "o.1"))}
    scan = scan_of("cases.jsonl", fields, columns)
    assert read(tmp_path, scan, 2).rows == [
        {"t": None, "options": ("a", "b"), "gold": 1, "pair": ("a", "b")},
        {"t": None, "options": None, "gold": None, "pair": None},
    ]
    assert refusal(tmp_path, scan).endswith(
        ':3: field `gold` from "g": "A": the row has no `options`, which this refers to'
    )


def test_files_without_rows(tmp_path: Path) -> None:
    polars.DataFrame({"id": []}, schema={"id": polars.String}).write_parquet(tmp_path / "none.parquet")
    for name, content in [("none.jsonl", "\n\n"), ("none.json", "[]"), ("none.csv", "id\n"), ("none.parquet", None)]:
        if content is not None:
            write(tmp_path, name, content)
        assert refusal(tmp_path, scan_of(name, {"id": TEXT})) == f"ROOT/{name}: there are no rows in this file"


def test_ids_of_a_split_that_match_nothing(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": "a"}, {"id": "b"}])
    write(tmp_path, "ids.json", ["a", "c", "d", "e", "f", "g", "h"])
    write(tmp_path, "all.json", ["a", "b"])
    scan = scan_of("cases.jsonl", {"id": TEXT})
    for negate in (False, True):
        assert refusal(tmp_path, attrs.evolve(scan, keep=(keeping("ids.json", negate=negate),))) == (
            "ROOT/cases.jsonl: 1 problem in 2 rows:\n"
            '  ROOT/ids.json: 6 ids of this list match no `id` in ROOT/cases.jsonl: "c", "d", "e", "f", "g" and 1 more'
        )
    assert refusal(tmp_path, attrs.evolve(scan, keep=(keeping("all.json", negate=True),))) == (
        "ROOT/cases.jsonl: none of the 2 rows belongs to the split `test`"
    )
    assert "`nope.json` of dataset `cases` was not found" in refusal(
        tmp_path, attrs.evolve(scan, keep=(keeping("nope.json"),))
    )


def test_a_row_that_cannot_be_told_to_be_of_a_split(tmp_path: Path) -> None:
    write(tmp_path, "cases.jsonl", [{"id": "a"}, {"id": 7}, {"t": "x"}])
    write(tmp_path, "ids.json", ["a"])
    scan = scan_of("cases.jsonl", {"id": TEXT}, keep=(keeping("ids.json"),))
    assert refusal(tmp_path, scan) == (
        "ROOT/cases.jsonl: 2 problems in 3 rows:\n"
        "  ROOT/cases.jsonl:2: field `id`: 7: expected text\n"
        "  ROOT/cases.jsonl:3: field `id`: there is no value at `id`"
    )


def test_a_list_field_that_lacks_one_entry(tmp_path: Path) -> None:
    whole = {"A": "x", "B": "y"}
    write(tmp_path, "cases.jsonl", [{"o": whole}, {"o": {"A": "x"}}, {"o": None}])
    columns = {"options": FromPaths(("o.A", "o.B"))}
    for type_, count in [(OPTIONS, 2), (OptionalType(OPTIONS), 1)]:
        found = refusal(tmp_path, scan_of("cases.jsonl", {"options": type_}, columns)).splitlines()
        assert len(found) == 1 + count
        assert found[1] == "  ROOT/cases.jsonl:2: field `options`: there is no value at `o.B`"
