"""Grammar errors as people meet them: each mistake with its message, and its edit tried out."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.syntax import known_mistakes
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.render import render_one
from medspec.text.source import Source

GOLDEN = Path(__file__).parent / "golden"

# Name of the mistake, module text behind the edition, and whether the offered edit alone mends it.
CASES = {
    "another word for via": ("task t @1 {\n  answer Decision with letter\n}", True),
    "answer with an equals sign": ("task t @1 {\n  answer = Decision via letter\n}", True),
    "weight with an equals sign": ("suite s @1 {\n  tasks { a weight=2  b }\n}", True),
    "metrics as a setting": ("task t @1 {\n  metrics = [accuracy]\n}", False),
    "columns with a colon": ("dataset d : R {\n  columns: id\n}", False),
    "a prompt as a value": ('prompt ask(x: text) = """hi {{ x }}"""', False),
    "a setting without value": ("dataset d : R {\n  license =\n  splits = [test]\n}", False),
    "a colon for a value": ("dataset d : R {\n  license: mit\n}", True),
    "an equals sign for a type": ("record R {\n  id = text\n}", True),
    "a dash for a range": ("record R { age : int(0-120) }", True),
    "a comma for a range": ("record R { options : text[2, 4] }", True),
    "a colon for a range": ("record R { options : text[2:4] }", True),
    "one number for a range": ("record R { options : text[5] }", True),
    "a dash in a name": ("enum F { follow-up-call  none }", True),
    "a dash in the name of a task": ("task my-task @1 {\n  data = x\n}", True),
    "a comma between cases": ("enum Decision { yes, no }", True),
    "a doc comment at the end": ("record R {\n  id : text\n  ## the end\n}", True),
    "a doc comment on a setting": ("dataset d : R {\n  ## where it is from\n  license = mit\n}", True),
    "a setting without equals sign": ('dataset d : R {\n  license "mit"\n}', False),
    "a setting without anything": ("task t @1 {\n  data\n}", False),
    "a quotation mark inside a text": ('prompt ask(x: text) {\n  user "{{ x }} Say "yes" or "no"."\n}', False),
    "an unknown role": ('prompt ask(x: text) {\n  human """hi"""\n}', False),
    "a misspelt role": ('prompt ask(x: text) {\n  sytem """hi"""\n}', False),
    "a role in capitals": ('prompt ask(x: text) {\n  User """hi"""\n}', True),
    "a prompt without parameters": ('prompt ask {\n  user """hi"""\n}', False),
    "an import as in python": ("from std.metrics import accuracy, macro_f1", True),
    "an import of everything": ("import std.metrics { * }", False),
    "an import without braces": ("import std.metrics accuracy", False),
    "several imports without braces": ("import std.metrics accuracy, macro_f1", True),
    "no title": ("example t {\n  row = {}\n}", False),
    "a version without its mark": ("task t 1 {\n}", False),
    "a version that is no number": ("task t @v1 {\n}", False),
    "nothing after the equals sign": ("task t @1 =", False),
    "another language": ('{"name": "pubmedqa"}', False),
    "windows line ends": ("record R {\r\n  id = text\r\n}\r\n", True),
}


def problems(text: str):
    report = Report()
    parse(Source("main.medspec", text), report)
    return report.diagnostics


def test_messages(golden):
    """All messages in one file, to be read as a user would."""
    pages = []
    for name, (text, _) in CASES.items():
        (found,) = problems(f"edition 2026\n\n{text}\n")
        assert found.code == "E0101"
        pages.append(f"# {name}\n\n{render_one(found)}\n")
    golden(GOLDEN / "grammar_errors.txt", "\n".join(pages))


@pytest.mark.parametrize("name", CASES)
def test_an_edit_is_safe_to_apply(name):
    text, is_mended = CASES[name]
    text = f"edition 2026\n\n{text}\n"
    (found,) = problems(text)
    assert bool(found.edits) == is_mended
    for _ in range(text.count(",") + 1):
        for one in problems(text):
            for edit in sorted(one.edits, key=lambda edit: -edit.place.start):
                text = text[: edit.place.start] + edit.text + text[edit.place.end :]
    assert (problems(text) == ()) == is_mended


def test_every_known_mistake_is_met_here(monkeypatch):
    met = set()

    def watched(find):
        def look(fault):
            mistake = find(fault)
            if mistake is not None:
                met.add(find.__name__)
            return mistake

        return look

    monkeypatch.setattr(known_mistakes, "_MISTAKES", tuple(watched(find) for find in known_mistakes._MISTAKES))
    listed = {find for find in vars(known_mistakes) if find.startswith("_") and callable(vars(known_mistakes)[find])}
    for text, _ in CASES.values():
        problems(f"edition 2026\n\n{text}\n")
    assert met == listed
