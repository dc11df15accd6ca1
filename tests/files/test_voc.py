"""Pascal VOC: a row for each file with its objects, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.errors import DataError
from medspec.files import voc
from medspec.files.base import Layout, RawRow
from medspec.files.data_folder import open_data

OBJECT = "<object><name>{}</name><bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>{}</xmax><ymax>4</ymax></bndbox></object>"
HEAD = "<filename>a.jpg</filename><path>/home/x/a.jpg</path><size><width>640</width><height>480</height></size>"


def rows_of(folder: Path, **files: str) -> dict[str | None, RawRow]:
    for name, text in files.items():
        (folder / f"{name}.xml").write_text(text, "utf-8")
    return {row.key: row for row in voc.read(open_data(folder, folder=True), Layout(), None).rows}


def test_a_row_for_each_file(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no annotation", "utf-8")
    flagged = OBJECT.format("WBC", 3).replace("</name>", "</name><difficult>1</difficult>")
    found = rows_of(
        tmp_path,
        b=f"<annotation>{HEAD}</annotation>",
        a=f'<?xml version="1.0"?><!-- made by hand -->\n<annotation>{HEAD}{OBJECT.format("RBC", 3)}{flagged}</annotation>',
    )
    assert list(found) == ["a", "b"] and [row.fault for row in found.values()] == [None, None]
    box = {"xmin": 1, "ymin": 2.5, "xmax": 3, "ymax": 4, "truncated": 0}
    assert found["a"].value == {
        "id": "a", "image": "a.jpg", "width": 640, "height": 480,
        "objects": [{"name": "RBC", "difficult": 0, **box}, {"name": "WBC", "difficult": 1, **box}],
    }  # fmt: skip
    assert found["b"].value["objects"] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<annotation>", "this is no XML: no element found"),
        ("", "this is no XML"),
        ("<html/>", "the outermost tag is `html`, not `annotation`"),
        ("<annotation/>", "the image has no `filename`"),
        (f"<annotation>{HEAD}{OBJECT.format('', 3)}</annotation>", r"object 0 \(counted from 0\) has no `name`"),
        (f"<annotation>{HEAD}{OBJECT.format('RBC', '')}</annotation>", "object 0 .* has no `bndbox/xmax`"),
        (f"<annotation>{HEAD}{OBJECT.format('RBC', 'wide')}</annotation>", "`bndbox/xmax` is no number: 'wide'"),
        ('<!DOCTYPE a [<!ENTITY b "bb">]><annotation>&b;</annotation>', "a document type or an entity"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_of_its_row(text: str, fault: str, tmp_path: Path) -> None:
    import re

    found = rows_of(tmp_path, a=text, b=f"<annotation>{HEAD}</annotation>")
    assert re.search(fault, found["a"].fault or "") and found["b"].fault is None


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<annotation/>", "utf-8")
    with pytest.raises(DataError, match="name the folder that holds the files"):
        list(voc.read(open_data(path, folder=True), Layout(), None).rows)
