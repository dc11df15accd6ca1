"""02xx: names, imports, settings and arguments."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, METRICS, NOTES, READ

_NOTE = "record Note {\n  id : text\n}"
_DATASET = """
dataset notes : Note {
  source  = jsonl("notes.jsonl")
  splits  = [test]
  license = "cc-by-4.0"
}
"""

_DECLARED = (
    Code(
        code="E0201",
        title="a name cannot be found",
        why="""\
A name is looked for among the parameters of the declaration, then the declarations of the module, then its imports, and
nowhere else. What is not found is not guessed: a similar name may be another dataset or another metric.""",
        wrong=module("enum Decision { yes  no }", "record Note {\n  id   : text\n  gold : Decison\n}"),
        right=module("enum Decision { yes  no }", "record Note {\n  id   : text\n  gold : Decision\n}"),
        related=("E0202", "E0408"),
    ),
    Code(
        code="E0203",
        title="a name is declared twice in a module",
        why="""\
A module has one namespace for all kinds of declarations. If two of them shared a name, what a task uses would depend on
where it stands, and a reader of the spec could not tell which is meant.""",
        wrong=module("enum Note { short  long }", _NOTE),
        right=module("enum NoteKind { short  long }", _NOTE),
        related=("E0206",),
    ),
    Code(
        code="E0206",
        title="a name hides another one",
        why="""\
Inside a prompt, a loop name that is also a parameter (or a parameter that is also a declaration) hides it. Text written
for the one would silently be filled with the other.""",
        wrong=module(
            'prompt ask(option: text, options: text[]) {\n  user """\n    Preferred: {{ option }}\n'
            '    {% for option in options %}\n    - {{ option }}\n    {% endfor %}\n    """\n}'
        ),
        right=module(
            'prompt ask(option: text, options: text[]) {\n  user """\n    Preferred: {{ option }}\n'
            '    {% for other in options %}\n    - {{ other }}\n    {% endfor %}\n    """\n}'
        ),
        related=("E0203", "E0401"),
    ),
    Code(
        code="E0209",
        title="a name is of the wrong kind",
        why="""\
The name exists, but it names something that cannot stand here: a prompt where a dataset is needed, a record where a
metric is needed. Most often two names were mixed up.""",
        wrong=module(METRICS, NOTES, READ, FOLLOW_UP.replace("notes.test", "read")),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0201",),
    ),
    Code(
        code="W0203",
        title="a private declaration is never used",
        why="""\
A name that begins with `_` cannot be imported, so if nothing in its own module uses it, nothing does. It may be a
leftover, or its user may have misspelt it.""",
        wrong=module("enum _Draft { yes  no }", _NOTE),
        right=module(_NOTE),
        related=("W0202", "W0405"),
    ),
)

_IMPORTS = (
    Code(
        code="E0202",
        title="a module, or a name in a module, cannot be found",
        why="""\
The name of a module is its path below the folder of the specs: `shared.wording` is `shared/wording.medspec`; `std` is
built in. Names are imported one by one, so that a reader of the file sees where each comes from.""",
        wrong=module("import std.metrics { acuracy }", NOTES, READ, FOLLOW_UP.replace("accuracy", "acuracy")),
        right=module("import std.metrics { accuracy }", NOTES, READ, FOLLOW_UP),
        related=("E0201", "E0205", "E0212"),
    ),
    Code(
        code="E0205",
        title="modules, or declarations, need each other in a ring",
        why="""\
Modules that import each other can only be understood, changed and versioned together; moving what both need into a third
module keeps each of them readable alone. A record that holds itself, or a task made from itself, has no beginning.""",
        wrong=module("import rows { Note }", "enum Decision { yes  no }", _DATASET),
        right=module("enum Decision { yes  no }"),
        related=("E0202",),
        beside=(
            ("rows.medspec", module("import main { Decision }", "record Note {\n  id   : text\n  gold : Decision\n}")),
        ),
    ),
    Code(
        code="E0212",
        title="a private name is imported",
        why="""\
A name that begins with `_` belongs to its module: whoever maintains it may change or remove it without looking for
others who use it. A benchmark built on it would change without notice.""",
        wrong=module("import rows { _Note }", _DATASET.replace(": Note", ": _Note")),
        right=module("import rows { Note }", _DATASET),
        related=("E0202",),
        beside=(
            ("rows.medspec", module(_NOTE, "record _Note {\n  id : text\n}", _DATASET.replace(": Note", ": _Note"))),
        ),
    ),
    Code(
        code="W0202",
        title="an import is never used",
        why="""\
An import nobody uses is either a leftover or a sign that something is missing: a metric that was meant to be reported
and is not.""",
        wrong=module("import std.metrics { accuracy, macro_f1 }", NOTES, READ, FOLLOW_UP),
        right=module("import std.metrics { accuracy }", NOTES, READ, FOLLOW_UP),
        related=("W0203",),
    ),
)

_SETTINGS = (
    Code(
        code="E0204",
        title="a setting does not exist",
        why="""\
A misspelt setting that is ignored leaves the default in force, and nothing shows it. So every setting must be one that
this kind of declaration knows.""",
        wrong=module(_NOTE, _DATASET.replace("license", "licence")),
        right=module(_NOTE, _DATASET),
        related=("E0210", "E0211"),
    ),
    Code(
        code="E0207",
        title="a setting is given twice",
        why="""\
One of the two values would have to win, and whoever reads the other is misled. medspec never lets a later value silently
replace an earlier one; a task made from another says `override`.""",
        wrong=module(_NOTE, _DATASET.replace("  license", '  license = "mit"\n  license')),
        right=module(_NOTE, _DATASET),
        related=("E0208",),
    ),
    Code(
        code="E0208",
        title="`override` changes something the base does not set",
        why="""\
`override` promises that the base sets this and that it is changed here. If the base stops setting it, or renames it, the
promise is broken and the two tasks may differ in more than they show.""",
        wrong=module(
            METRICS, NOTES, READ, FOLLOW_UP, "task short @1 = follow_up() {\n  override decode { max_tokens = 4 }\n}"
        ),
        right=module(
            METRICS,
            NOTES,
            READ,
            FOLLOW_UP.replace("  metrics", "  decode { max_tokens = 16 }\n  metrics"),
            "task short @1 = follow_up() {\n  override decode { max_tokens = 4 }\n}",
        ),
        related=("E0207",),
    ),
    Code(
        code="E0210",
        title="a required setting is missing",
        why="""\
A dataset needs its source and its splits; a task needs data, a prompt, an answer and metrics. None of them has a default,
since each decides what is measured.""",
        wrong=module(_NOTE, _DATASET.replace("  splits  = [test]\n", "")),
        right=module(_NOTE, _DATASET),
        related=("E0204",),
    ),
    Code(
        code="E0211",
        title="an argument of a call is wrong",
        why="""\
Each call has a fixed list of arguments. An argument that is unknown, missing, given twice or one too many is an error,
because leaving it out of account would leave the default in force without a word.""",
        wrong=module(_NOTE, _DATASET.replace('jsonl("notes.jsonl")', 'csv("notes.csv", delimeter: ";")')),
        right=module(_NOTE, _DATASET.replace('jsonl("notes.jsonl")', 'csv("notes.csv", delimiter: ";")')),
        related=("E0204", "E0301"),
    ),
)

CODES = _DECLARED + _IMPORTS + _SETTINGS
