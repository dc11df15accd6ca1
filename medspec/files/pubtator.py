"""PubTator: an article per block, its title and abstract on a line each, below them one line per mention.

    9949209|t|Genetic mapping of the copper toxicosis locus.
    9949209|a|Abnormal copper ...
    9949209 <tab> 23 <tab> 39 <tab> copper toxicosis <tab> Modifier <tab> OMIM:215600

A row has `id`, `title`, `abstract`, `text` (the two with one blank between them, which offsets count through), `spans`
(start, end, label) and, in the same order, `mentions` and `concepts`. A mention whose text does not stand at its offsets is
a fault of its row. Lines of relations, which have no offsets, are passed over. Wei et al., Nucleic Acids Research 2013.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.opening import DataFile

_HEAD = re.compile(r"(\w+)\|([ta])\|(.*)")
_OFFSETS = re.compile(r"\d+")


def read(file: DataFile, layout: Layout, columns: Collection[str] | None) -> RawRows:
    """One row per article; an article whose lines cannot be read is a row with a fault."""
    file.check(parquet=False)
    return RawRows(None, _rows(file))


def _rows(file: DataFile) -> Iterator[RawRow]:
    for number, (line, lines) in enumerate(_blocks(file)):
        found = _article(lines)
        if isinstance(found, str):
            yield RawRow(number=number, line=line, fault=found)
        else:
            yield RawRow(number=number, line=line, value=found)


def _blocks(file: DataFile) -> Iterator[tuple[int, list[str]]]:
    """The first line of each block, and its lines."""
    first, lines = 0, list[str]()
    for number, text in file.lines():
        text = text.rstrip("\r\n")
        if text.strip():
            first = first if lines else number
            lines.append(text)
        elif lines:
            yield first, lines
            lines = []
    if lines:
        yield first, lines


def _article(lines: list[str]) -> dict[str, Any] | str:
    """The row of a block, or what is wrong with it."""
    heads = [match for match in map(_HEAD.fullmatch, lines[:2]) if match is not None]
    if [match[2] for match in heads] != ["t", "a"]:
        return "an article begins with its title (`id|t|...`) and its abstract (`id|a|...`)"
    title, abstract = heads[0][3], heads[1][3]
    text = f"{title} {abstract}"
    found: dict[str, Any] = {"id": heads[0][1], "title": title, "abstract": abstract, "text": text}
    found |= {"spans": [], "mentions": [], "concepts": []}
    for line in lines[2:]:
        cells = line.split("\t")
        if len(cells) < 5 or not (_OFFSETS.fullmatch(cells[1]) and _OFFSETS.fullmatch(cells[2])):
            continue
        start, end, mention, label = int(cells[1]), int(cells[2]), cells[3], cells[4]
        if text[start:end] != mention:
            return f"the mention {mention!r} does not stand at {start} to {end}, where the text is {text[start:end]!r}"
        found["spans"].append({"start": start, "end": end, "label": label})
        found["mentions"].append(mention)
        found["concepts"].append(cells[5] if len(cells) > 5 else "")
    return found


PUBTATOR = Format("pubtator", (".pubtator",), read)
