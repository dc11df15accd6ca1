"""Standoff, as the annotation tool brat writes it: a folder with a text and a file of marks for each article.

    17.txt   No fever.
    17.ann   T1 <tab> Sign 3 8 <tab> fever
             N1 <tab> Reference T1 MeSH:D005334 <tab> fever

The source is the folder; a row is a text with its marks, in the order of the names. It has `id` (the name without its end),
`text` (as it stands in the file, which offsets count through), `spans` (start, end, label), `places` (the same without labels)
and, in the same order, `mentions` and `concepts` (what the first `N` line of a mention names, "" where none does). The key of
the row is its id.

A text without marks, marks without a text, a mention that is not at its offsets, and one in several pieces (`3 8;12 17`), which
no span can say, are faults of their row. Lines of events, relations, attributes and notes are passed over.
Stenetorp et al., EACL 2012.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from medspec.errors import DataError
from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.data_folder import DataFolder
from medspec.files.opening import DataFile

_MENTION = re.compile(r"(\S+) (\d+) (\d+)")
_PIECES = re.compile(r"\S+ \d+ \d+(?:;\d+ \d+)+")
_CONCEPT = re.compile(r"\S+ (T\S*) (.+)")


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per article; an article that cannot be read is a row with a fault."""
    folder = DataFolder(file.path, file.name)
    folder.check(parquet=False)
    return RawRows(None, _rows(folder))


def _rows(folder: DataFolder) -> Iterator[RawRow]:
    files = folder.files()
    names = sorted({name[:-4] for name in files if name.endswith((".txt", ".ann"))})
    for number, name in enumerate(names):
        missing = [f"{name}{end}" for end in (".txt", ".ann") if f"{name}{end}" not in files]
        if missing:
            yield RawRow(number=number, key=name, fault=f"there is no {missing[0]}")
            continue
        try:
            found = _article(name, files[f"{name}.txt"].text(), files[f"{name}.ann"])
        except DataError as error:
            found = str(error)
        if isinstance(found, str):
            yield RawRow(number=number, key=name, fault=found)
        else:
            yield RawRow(number=number, key=name, value=found)


def _article(name: str, text: str, marks: DataFile) -> dict[str, Any] | str:
    """The row of an article, or what is wrong with it."""
    spans: dict[str, dict[str, Any]] = {}
    mentions: dict[str, str] = {}
    concepts: dict[str, str] = {}
    for number, line in marks.lines():
        head, _, rest = line.rstrip("\r\n").partition("\t")
        body, _, mention = rest.partition("\t")
        if head.startswith("T"):
            fault = _fault(text, body, mention)
            if fault is not None:
                return f"line {number} of {name}.ann: {fault}"
            label, start, end = body.split(" ")
            spans[head] = {"start": int(start), "end": int(end), "label": label}
            mentions[head] = text[int(start) : int(end)]
        elif head.startswith("N") and (found := _CONCEPT.fullmatch(body)) is not None:
            concepts.setdefault(found[1], found[2])
    return {
        "id": name,
        "text": text,
        "spans": list(spans.values()),
        "places": [{"start": span["start"], "end": span["end"]} for span in spans.values()],
        "mentions": list(mentions.values()),
        "concepts": [concepts.get(one, "") for one in spans],
    }


def _fault(text: str, body: str, mention: str) -> str | None:
    """What is wrong with a mention, or None."""
    if _PIECES.fullmatch(body):
        return f"the mention {mention!r} is in several pieces, which no span can say"
    found = _MENTION.fullmatch(body)
    if found is None:
        return f"{body!r} is no label with two offsets"
    there = text[int(found[2]) : int(found[3])]
    # A line break in a mention is written as a blank, since a mark is one line.
    if re.sub(r"[\r\n]", " ", there) != mention:
        return f"the mention {mention!r} does not stand at {found[2]} to {found[3]}, where the text is {there!r}"
    return None


STANDOFF = Format("standoff", (".ann",), read, folder=True)
