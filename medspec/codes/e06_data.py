"""06xx: datasets, their columns, splits and paths."""

from __future__ import annotations

from medspec.codes.base import Code, module

_NOTE = "record Note {\n  id   : text\n  note : text\n}"


def _dataset(*lines: str) -> str:
    return "dataset notes : Note {\n" + "".join(f"  {line}\n" for line in lines) + "}"


CODES = (
    Code(
        code="E0602",
        title="columns or splits do not fit the dataset",
        why="""\
Columns fill the fields of the record, and splits say which rows exist. A column for a field that is not there fills
nothing; a split that is not declared has no rows; splits that share one path without `{split}` have the same rows, so
that examples and scored rows are no longer apart.""",
        wrong=module(
            _NOTE,
            _dataset(
                'source  = jsonl("notes.jsonl")', "splits  = [test]", 'license = "mit"', 'columns { nota = "text" }'
            ),
        ),
        right=module(
            _NOTE,
            _dataset(
                'source  = jsonl("notes.jsonl")', "splits  = [test]", 'license = "mit"', 'columns { note = "text" }'
            ),
        ),
        related=("E0408", "E0603"),
    ),
    Code(
        code="E0603",
        title="a data path leaves the data folder",
        why="""\
Specs are shared, and whoever runs one does not expect it to read other files of the machine. A path is relative to a data
folder, which is named with `--data`, and stays inside it.""",
        wrong=module(_NOTE, _dataset('source  = jsonl("../../notes.jsonl")', "splits  = [test]", 'license = "mit"')),
        right=module(_NOTE, _dataset('source  = jsonl("notes.jsonl")', "splits  = [test]", 'license = "mit"')),
        related=("E0602",),
    ),
)
