"""CoNLL: a word and its tag on a line, an empty line between sentences; a sentence is a row.

    Copper      B-Disease          {"text": "Copper toxicosis in dogs", "words": ["Copper", ...], "tags": ["B-Disease", ...],
    toxicosis   I-Disease    =>     "spans": [{"start": 0, "end": 16, "label": "Disease"}]}
    in          O
    dogs        O

The word is the first column, the tag the last; columns are set apart by tabs or blanks. `text` is the words with one blank
between them, and spans are places in it; `places` are the same without labels, for files that mark one kind of thing. A
span goes from `B-X` over the `I-X` that follow; an `I-X` that follows no X begins one, as in the evaluation script of
CoNLL-2003. Lines that begin with `-DOCSTART-` are passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.opening import DataFile


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per sentence; a sentence with a line that is no word and tag is a row with a fault."""
    file.check(parquet=False)
    return RawRows(None, _rows(file))


def _rows(file: DataFile) -> Iterator[RawRow]:
    for number, (line, lines) in enumerate(_sentences(file)):
        short = next((place for place, cells in enumerate(lines) if len(cells) < 2), None)
        if short is not None:
            fault = f"line {line + short} holds no word and tag"
            yield RawRow(number=number, line=line, fault=fault)
            continue
        words, tags = [cells[0] for cells in lines], [cells[-1] for cells in lines]
        spans = spans_of(words, tags)
        places = [{"start": span["start"], "end": span["end"]} for span in spans]
        value = {"text": " ".join(words), "words": words, "tags": tags, "spans": spans, "places": places}
        yield RawRow(number=number, line=line, value=value)


def _sentences(file: DataFile) -> Iterator[tuple[int, list[list[str]]]]:
    """The first line of each sentence, and the cells of its lines."""
    first, lines = 0, list[list[str]]()
    for number, text in file.lines():
        cells = text.rstrip("\r\n").split("\t") if "\t" in text else text.split()
        if cells and cells[0].startswith("-DOCSTART-"):
            continue
        if any(cells):
            first = first if lines else number
            lines.append([cell for cell in cells if cell])
        elif lines:
            yield first, lines
            lines = []
    if lines:
        yield first, lines


def spans_of(words: list[str], tags: list[str]) -> list[dict[str, Any]]:
    """The spans that the tags mark, in the words with one blank between them.

    >>> spans_of(["A", "b", "c"], ["B-x", "I-x", "B-x"])
    [{'start': 0, 'end': 3, 'label': 'x'}, {'start': 4, 'end': 5, 'label': 'x'}]
    """
    spans: list[dict[str, Any]] = []
    start, before = 0, ""
    for word, tag in zip(words, tags, strict=True):
        mark, _, label = tag.partition("-")
        if label and (mark == "B" or label != before):
            spans.append({"start": start, "end": start + len(word), "label": label})
        elif label:
            spans[-1]["end"] = start + len(word)
        before = label
        start += len(word) + 1
    return spans


CONLL = Format("conll", (".conll", ".bio", ".iob"), read)
