"""CoNLL, PubTator and standoff: rows with spans, damaged lines, and one published gold standard in three formats."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from shared_data import DATA, needs

from medspec.errors import DataError
from medspec.files import conll, pubtator, standoff
from medspec.files.base import Layout, RawRow
from medspec.files.data_folder import open_data

NCBI = DATA / "ncbi_disease"


def rows_of(form: object, path: Path) -> list[RawRow]:
    file = open_data(path, folder=form is standoff)
    return list(form.read(file, Layout(), None).rows)  # type: ignore[attr-defined]


def test_sentences_of_words_and_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(
        "-DOCSTART- O\n\nNo\tO\nfever\tB-sign\nor\tI-sign\ncough\tB-sign\n\n\nPain\tI-sign\nbroken\n", "utf-8"
    )
    first, second = rows_of(conll, path)
    assert (first.line, first.value["text"]) == (3, "No fever or cough")
    marked = [first.value["text"][span["start"] : span["end"]] for span in first.value["spans"]]
    assert marked == ["fever or", "cough"]
    assert (second.line, second.fault) == (9, "line 10 holds no word and tag")


def test_articles_with_mentions(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "1|t|No fever.\n1|a|A cough, é.\n1\t3\t8\tfever\tSign\tD1\n1\t12\t17\tcough\tSign\n1\tCID\tD1\tD2\n\n"
        "2|t|Pain\n2|a|\n2\t0\t3\tPain\tSign\tD3\n\n3|a|No title\n",
        "utf-8",
    )
    first, second, third = rows_of(pubtator, path)
    assert (first.value["id"], first.value["text"]) == ("1", "No fever. A cough, é.")
    assert (first.value["mentions"], first.value["concepts"]) == (["fever", "cough"], ["D1", ""])
    assert second.fault == "the mention 'Pain' does not stand at 0 to 3, where the text is 'Pai'"
    assert third.line == 11 and third.fault is not None and third.fault.startswith("an article begins with")


def test_pairs_of_text_and_marks(tmp_path: Path) -> None:
    """Offsets count characters of the text as it stands; a blank in a mark stands for the line break in the text."""
    texts = {"2": "No fever.\nDry\ncough, é!\n", "10": "Pain", "3": "Pain", "4": "Pain", "5": "Pain"}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    marks = {
        "2": "T1\tSign 3 8\tfever\nT2\tSign 10 19\tDry cough\nT3\tMark 21 22\té\nN1\tReference T2 X:9\tcough\n#1\tNote T1\tx\n",
        "10": "T1\tSign 0 4;6 7\tPain x\n",
        "3": "T1\tSign 0 3\tPain\n",
        "4": "",
        "6": "",
    }
    for name, text in marks.items():
        (tmp_path / f"{name}.ann").write_text(text, "utf-8")
    (tmp_path / ".hidden.ann").write_text("", "utf-8")
    found = {row.key: row for row in rows_of(standoff, tmp_path)}
    assert list(found) == ["10", "2", "3", "4", "5", "6"]
    row = found["2"].value
    assert (row["id"], row["mentions"], row["concepts"]) == ("2", ["fever", "Dry\ncough", "é"], ["", "X:9", ""])
    assert row["spans"][1] == {"start": 10, "end": 19, "label": "Sign"} and row["places"][1] == {"start": 10, "end": 19}
    assert found["4"].value["spans"] == []
    assert {name: found[name].fault for name in ("10", "3", "5", "6")} == {
        "10": "line 1 of 10.ann: the mention 'Pain x' is in several pieces, which no span can say",
        "3": "line 1 of 3.ann: the mention 'Pain' does not stand at 0 to 3, where the text is 'Pai'",
        "5": "there is no 5.ann",
        "6": "there is no 6.txt",
    }


def test_a_folder_has_a_digest_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("a", "utf-8")
    before = open_data(tmp_path, folder=True).digest()
    (tmp_path / ".hidden").write_text("b", "utf-8")
    assert open_data(tmp_path, folder=True).digest() == before
    (tmp_path / "1.ann").write_text("", "utf-8")
    after = open_data(tmp_path, folder=True).digest()
    (tmp_path / "1.ann").rename(tmp_path / "2.ann")
    assert len({before, after, open_data(tmp_path, folder=True).digest()}) == 3
    with pytest.raises(DataError, match="this is a file, and the source is a folder"):
        rows_of(standoff, tmp_path / "1.txt")


def test_the_example_in_the_docstring() -> None:
    outcome = doctest.testmod(conll)
    assert outcome.attempted > 0 and outcome.failed == 0


@needs("ncbi_disease")
def test_three_formats_of_one_gold_standard_agree() -> None:
    """PubTator, CoNLL and standoff mark the same mentions of the 100 test abstracts."""
    articles = rows_of(pubtator, NCBI / "pubtator/NCBItestset_corpus.txt")
    assert len(articles) == 100 and all(row.fault is None for row in articles)
    marks: dict[str, list[str]] = {}
    for path in sorted((NCBI / "standoff/test").glob("*.ann")):
        lines = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line.startswith("T")]
        marks[path.stem] = sorted(line[2] for line in lines)
    assert sum(map(len, marks.values())) == 960
    assert {row.value["id"]: sorted(row.value["mentions"]) for row in articles} == marks
    folder = rows_of(standoff, NCBI / "standoff/test")
    assert len(folder) == 100 and all(row.fault is None for row in folder)
    # Only title and abstract are set apart by a line break in the one and a blank in the other, so places are the same.
    assert {row.key: row.value["spans"] for row in folder} == {row.value["id"]: row.value["spans"] for row in articles}
    assert {row.key: row.value["mentions"] for row in folder} == {
        row.value["id"]: row.value["mentions"] for row in articles
    }
    sentences = rows_of(conll, NCBI / "conll/test.tsv")
    marked = [row.value["text"][one["start"] : one["end"]] for row in sentences for one in row.value["spans"]]
    bare = sorted(re.sub(r"\s", "", text) for text in marked)
    assert len(marked) == 960
    assert bare == sorted(re.sub(r"\s", "", text) for texts in marks.values() for text in texts)
