"""Which entry of a list a text names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shared_data import DATA, needs

from medspec.errors import DataError
from medspec.plan.nodes import FileSource, FromNamed, Scan
from medspec.run.named_entry import entry_named, number_named
from medspec.run.roots import DataRoots
from medspec.run.scan import read_scan
from medspec.types import FieldType, ImageType, Misfit, RecordType, TextType


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("It's in the third image. <|box_start|>(92,150),(164,224)<|box_end|>", 3),
        ("marked in the first image. Recognize and locate this object in the second image.", 2),
        ("please locate it in the 2th image.", 2),
        ("the 1st image, then the 12th image", 12),
        ("in Image 4", 4),
        ("does the object in image-1 locate in the image-2.", 2),
        ("the Second Image", 2),
        ("the second region picture in the source image", None),
        ("3 images for you to consider", None),
        ("an imagery 5", None),
        ("", None),
    ],
)
def test_numbers_of_images(text: str, number: int | None) -> None:
    assert number_named(text) == number


def test_an_entry_that_is_not_there_is_told() -> None:
    assert entry_named(["a", "b"], "nothing", 2) == "b"
    for entries, text, otherwise in ((["a"], "the second image", None), (["a"], "none", None), ("a", "image 1", None)):
        with pytest.raises(Misfit):
            entry_named(entries, text, otherwise)


@needs("medsg_bench")
def test_published_questions_name_their_target() -> None:
    rows = json.loads((DATA / "medsg_bench/samples_tasks_1_2_3_5_6_7.json").read_text("utf-8"))
    named = [(row["paper_task"], number_named(row["question"])) for row in rows]
    assert [number for task, number in named if task in (3, 7)] == [2, 3, 2, 2, 3, 2]
    assert [number for task, number in named if task in (1, 2, 6)] == [None] * 6
    train = json.loads((DATA / "medsg_bench/task8_train/Task8_train_first500.json").read_text("utf-8"))
    said = [turn["value"] for row in train for turn in row["conversations"] if turn["from"] == "gpt"]
    words = {"first": 1, "second": 2, "third": 3}
    assert [number_named(text) for text in said] == [words[text.split()[3]] for text in said] and len(said) == 1500


def test_a_row_whose_text_names_no_entry_is_a_fault_of_the_data(tmp_path: Path) -> None:
    rows = [{"images": ["a", "b"], "text": "the second image"}, {"images": ["a", "b"], "text": "somewhere"}]
    (tmp_path / "rows.json").write_text(json.dumps(rows), "utf-8")
    record = RecordType("Row", (FieldType("target", ImageType()), FieldType("text", TextType())))
    scan = Scan(
        id="s1",
        dataset="rows",
        subset=None,
        split="test",
        source=FileSource(format="json", path="rows.json"),
        record=record,
        columns=(("target", FromNamed("images", "text")),),
        id_field=None,
    )
    with pytest.raises(DataError, match='"images" that "text" names: the text names no image'):
        read_scan(scan, DataRoots.of([tmp_path]))
