"""06xx: datasets, their columns, splits and paths; shots and waivers."""

from __future__ import annotations

from medspec.codes.base import Code, module

_NOTE = "record Note {\n  id   : text\n  note : text\n}"


def _dataset(*lines: str) -> str:
    return "dataset notes : Note {\n" + "".join(f"  {line}\n" for line in lines) + "}"


_SHOTS = (
    "import std.metrics { accuracy }",
    "enum Finding { present  absent }",
    "record Note {\n  id   : text\n  note : text\n  gold : Finding\n}",
    _dataset('source  = jsonl("{split}.jsonl")', "splits  = [dev, test]", 'license = "mit"'),
    'prompt ask(note: text) { user "{{ note }} Finding:" }',
)


def _few_shot(rows: str, *clauses: str) -> str:
    lines = (
        "data    = notes.test",
        "prompt  = ask",
        "answer  Finding via likelihood",
        f"shots   4 from {rows}",
        "metrics { primary accuracy }",
        *clauses,
    )
    return "task finding {\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _versioned(version: int, words: str) -> str:
    """The few-shot module with a version, and with other words in its prompt."""
    parts = [part.replace('Finding:"', f'{words}"') for part in _SHOTS]
    return module(*parts, _few_shot("notes.dev").replace("task finding", f"task finding @{version}"))


CODES = (
    Code(
        code="E0601",
        title="a task changed its meaning but kept its version",
        why="""\
Two scores with one task name and one version are taken for the same measure, in tables that outlive the spec. When the model
is asked something else, or replies are scored otherwise, the version rises. Only `medspec check --locked`, `compile --locked`
and `run --locked` can see it, since only medspec.lock knows what the version meant before.""",
        wrong=_versioned(1, "Is it there?"),
        right=_versioned(2, "Is it there?"),
        related=("W0607",),
        before=_versioned(1, "Finding:"),
    ),
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
    Code(
        code="E0604",
        title="few-shot examples come from the rows being scored",
        why="""\
A model that is shown a row with its answer, and is then asked that row, scores higher for nothing. Take the examples from
another split, or hold rows out: those held out are shown and not scored. Where a published protocol does it all the same,
the task says so, and every report repeats it: `waive E0604 because "..."`.""",
        wrong=module(*_SHOTS, _few_shot("notes.test")),
        right=module(*_SHOTS, _few_shot("notes.test.holdout(64, seed: 13)")),
        related=("E0407", "E0605"),
    ),
    Code(
        code="E0605",
        title="this rule cannot be waived, or the waiver gives no reason",
        why="""\
A waiver lets a task break a rule about data flow that a published benchmark breaks, so that its figures can be reproduced.
Rules that keep a score from being nonsense are not for waiving, and a waiver without a reason tells the reader of a report
nothing.""",
        wrong=module(*_SHOTS, _few_shot("notes.dev", 'waive E0305 because "the paper does it"')),
        right=module(*_SHOTS, _few_shot("notes.dev")),
        related=("E0604", "W0606"),
    ),
    Code(
        code="W0606",
        title="a waiver waives nothing",
        why="""\
The rule is not broken here, or not any more. A waiver that stays behind would hide the next mistake.""",
        wrong=module(*_SHOTS, _few_shot("notes.dev", 'waive E0604 because "the paper does it"')),
        right=module(*_SHOTS, _few_shot("notes.dev")),
        related=("E0604", "E0605"),
    ),
    Code(
        code="W0607",
        title="medspec.lock does not know this task, or knows an older version of it",
        why="""\
What the lock does not know it cannot watch: a task that is not in it can change its meaning without a word. `medspec lock`
takes over new tasks and new versions, and its file belongs under version control.""",
        wrong=_versioned(2, "Is it there?"),
        right=_versioned(1, "Finding:"),
        related=("E0601",),
        before=_versioned(1, "Finding:"),
    ),
)
