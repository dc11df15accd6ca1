"""Published benchmark files, read as specs read them, against counts their makers state and the standard library's view."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from medspec.plan.nodes import FileSource, FromKey, FromPath, FromPaths, FromRowNumber, Keep, Scan
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows, read_scan
from medspec.types import ChoiceType, EnumCase, EnumType, FieldType, ListType, RecordType, TextType, Type

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside the project")

TEXT = TextType()
LETTER = ChoiceType("options", written="letter")
MCQ: dict[str, Type] = {"id": TEXT, "question": TEXT, "options": ListType(TEXT, low=2), "gold": LETTER}
MMLU = {
    "anatomy": 135,
    "clinical_knowledge": 265,
    "college_biology": 144,
    "college_medicine": 173,
    "medical_genetics": 100,
    "professional_medicine": 272,
}


def rows_of(source: FileSource, fields: dict[str, Type], columns: dict[str, Any], *keep: Keep) -> Rows:
    record = RecordType("Row", tuple(FieldType(name, type_) for name, type_ in fields.items()))
    scan = Scan(
        id="s1",
        dataset="d",
        subset=None,
        split="test",
        source=source,
        record=record,
        columns=tuple(columns.items()),
        id_field="id",
        keep=keep,
    )
    return read_scan(scan, DataRoots(given=(DATA,)))


@pytest.mark.parametrize("negate", [False, True])
def test_pubmedqa_in_the_order_of_the_file(negate: bool) -> None:
    decision = EnumType("Decision", tuple(EnumCase(name, name) for name in ("yes", "no", "maybe")))
    ids = FileSource(format="json", path="pubmedqa/test_ground_truth.json")
    found = rows_of(
        FileSource(format="json", path="pubmedqa/ori_pqal.json"),
        {"id": TEXT, "question": TEXT, "contexts": ListType(TEXT), "gold": decision},
        {
            "id": FromKey(),
            "question": FromPath("QUESTION"),
            "contexts": FromPath("CONTEXTS"),
            "gold": FromPath("final_decision"),
        },
        Keep(field="id", ids=ids, negate=negate),
    )
    whole = json.loads((DATA / "pubmedqa/ori_pqal.json").read_bytes())
    test = json.loads((DATA / "pubmedqa/test_ground_truth.json").read_bytes())
    assert found.ids == [key for key in whole if (key in test) is not negate]
    assert len(found.rows) == 500
    assert [row["contexts"] for row in found.rows] == [tuple(whole[id]["CONTEXTS"]) for id in found.ids]
    if not negate:
        assert {row["id"]: row["gold"] for row in found.rows} == test
        assert Counter(row["gold"] for row in found.rows) == {"yes": 276, "no": 169, "maybe": 55}


def test_medqa_with_its_options_in_an_object() -> None:
    found = rows_of(
        FileSource(format="jsonl", path="medqa_usmle_4opt/phrases_no_exclude_test.jsonl"),
        MCQ | {"answer": TEXT, "step": TEXT},
        {
            "id": FromRowNumber(width=4),
            "options": FromPaths(("options.A", "options.B", "options.C", "options.D")),
            "gold": FromPath("answer_idx"),
            "step": FromPath("meta_info"),
        },
    )
    assert found.ids == [f"{number:04d}" for number in range(1273)]
    # The file holds the answer twice, as a letter and as its text: the one checks the other.
    assert all(row["options"][row["gold"]] == row["answer"] for row in found.rows)
    assert {row["step"] for row in found.rows} <= {"step1", "step2&3"}


def test_mmlu_without_headers_and_with_line_breaks_in_cells() -> None:
    names = ("question", "A", "B", "C", "D", "answer")
    rows: list[dict[str, Any]] = []
    for subject, count in MMLU.items():
        path = f"mmlu_clinical/{subject}_test.csv"
        columns = {
            "id": FromRowNumber(),
            "options": FromPaths(("A", "B", "C", "D")),
            "gold": FromPath("answer"),
        }
        found = rows_of(FileSource(format="csv", path=path, names=names), MCQ, columns)
        assert len(found.rows) == count
        with (DATA / path).open(newline="", encoding="utf-8") as stream:
            whole = [(cells[0], tuple(cells[1:5]), "ABCD".index(cells[5])) for cells in csv.reader(stream)]
        assert [(row["question"], row["options"], row["gold"]) for row in found.rows] == whole
        rows += found.rows
    assert len(rows) == 1089
    assert sum(bool(re.search(r"[\r\n]", row["question"])) for row in rows) == 17
