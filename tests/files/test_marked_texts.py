"""CoNLL and PubTator: rows with spans, damaged lines, and one published gold standard in three formats."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from shared_data import DATA, needs

from medspec.files import conll, pubtator
from medspec.files.base import Layout, RawRow
from medspec.files.opening import DataFile

NCBI = DATA / "ncbi_disease"


def rows_of(form: object, path: Path) -> list[RawRow]:
    return list(form.read(DataFile(path, path.name), Layout(), None).rows)  # type: ignore[attr-defined]


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


def test_the_example_in_the_docstring() -> None:
    outcome = doctest.testmod(conll)
    assert outcome.attempted > 0 and outcome.failed == 0


@needs("ncbi_disease")
def test_three_formats_of_one_gold_standard_agree() -> None:
    """PubTator, CoNLL and standoff mark the same mentions of the 100 test abstracts."""
    articles = rows_of(pubtator, NCBI / "pubtator/NCBItestset_corpus.txt")
    assert len(articles) == 100 and all(row.fault is None for row in articles)
    standoff: dict[str, list[str]] = {}
    for path in sorted((NCBI / "standoff/test").glob("*.ann")):
        lines = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line.startswith("T")]
        standoff[path.stem] = sorted(line[2] for line in lines)
    assert sum(map(len, standoff.values())) == 960
    assert {row.value["id"]: sorted(row.value["mentions"]) for row in articles} == standoff
    sentences = rows_of(conll, NCBI / "conll/test.tsv")
    marked = [row.value["text"][one["start"] : one["end"]] for row in sentences for one in row.value["spans"]]
    bare = sorted(re.sub(r"\s", "", text) for text in marked)
    assert len(marked) == 960
    assert bare == sorted(re.sub(r"\s", "", text) for texts in standoff.values() for text in texts)
