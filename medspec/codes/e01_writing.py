"""01xx: how a file is written, before any of its names are looked up."""

from __future__ import annotations

from medspec.codes.base import Code, module
from medspec.codes.parts import FOLLOW_UP, METRICS, NOTES, READ

_DEEP = 120

CODES = (
    Code(
        code="E0101",
        title="another word or mark is needed here",
        why="""\
The file cannot be read at this place. Three marks carry most of the meaning: `:` gives a type, `=` gives a value, and
braces hold what belongs together. Line breaks mean nothing, so the mistake may stand on the line before.""",
        wrong=module("record Note {\n  id = text\n}"),
        right=module("record Note {\n  id : text\n}"),
        related=("E0102", "E0104"),
    ),
    Code(
        code="E0102",
        title="brackets do not match",
        why="""\
Every `{`, `(` and `[` needs its partner. Without it, the next declaration would be read as a part of this one, and one
missing mark would make the whole file look wrong. A declaration that begins at the start of a line ends the search.""",
        wrong=module("enum Decision {\n  yes\n  no", "record Note {\n  id : text\n}"),
        right=module("enum Decision {\n  yes\n  no\n}", "record Note {\n  id : text\n}"),
        related=("E0101", "E0103"),
    ),
    Code(
        code="E0103",
        title="a text is never closed",
        why="""\
A text that is not closed swallows what follows it. What was meant as the rest of the spec would be sent to the model as
a part of the prompt. A text on one line stands between `"` and `"`, a long one between `\"""` and `\"""`.""",
        wrong=module('prompt ask(stem: text) {\n  user """{{ stem }} Answer yes or no.\n}'),
        right=module('prompt ask(stem: text) {\n  user """{{ stem }} Answer yes or no."""\n}'),
        related=("E0102",),
    ),
    Code(
        code="E0104",
        title="a character has no meaning in the language",
        why="""\
Outside texts and comments only names, numbers and a few marks mean something. Clauses need no separator, texts stand
between straight double quotes, and letters beyond ASCII belong into texts. Quotes bent by a word processor are the
usual cause, and they are hard to see.""",
        wrong=module("record Note {\n  id   : text;\n  note : text\n}"),
        right=module("record Note {\n  id   : text\n  note : text\n}"),
        related=("E0101",),
    ),
    Code(
        code="E0105",
        title="the file does not begin with an edition",
        why="""\
An edition fixes the grammar and the defaults a file was written for. Without it, a later version of medspec could read
the same file in another way, and the same benchmark would give another number.""",
        wrong="enum Decision { yes  no }\n",
        right=module("enum Decision { yes  no }"),
    ),
    Code(
        code="E0106",
        title="an unknown word begins a declaration",
        why="""\
A file is a list of declarations, and each begins with its keyword: enum, record, dataset, prompt, task, suite or
example. A misspelt keyword must not be skipped: the declaration behind it would silently be missing.""",
        wrong=module("recrod Note {\n  id : text\n}"),
        right=module("record Note {\n  id : text\n}"),
        related=("E0101",),
    ),
    Code(
        code="E0107",
        title="the file is beyond what a spec may be",
        why="""\
Specs are untrusted text. A file must be UTF-8, at most 16 million characters long, and brackets may be nested 100 deep.
These limits are far beyond what people write; they keep a damaged or hostile file from using up the memory.""",
        wrong=module(f"record Note {{\n  id : {'(' * _DEEP}text{')' * _DEEP}\n}}"),
        right=module("record Note {\n  id : text\n}"),
    ),
    Code(
        code="E0108",
        title="this part of the language is not built yet",
        why="""\
The grammar of the edition is complete, so that specs can be written and read today, and this version of medspec does not
do all of it. What it cannot do it refuses: passing over a clause would give a number for something else than what the
spec says.""",
        wrong=module(METRICS, NOTES.rstrip()[:-1] + '  waive W0601 because "a year in each row"\n}\n', READ, FOLLOW_UP),
        right=module(METRICS, NOTES, READ, FOLLOW_UP),
        related=("E0310",),
    ),
)
