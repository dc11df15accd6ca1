"""Safe edits: what each one makes of a spec, and that none of them brings a new mistake."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from medspec.check.check import check_paths
from medspec.check.fixes import Fixes, fix
from medspec.codes import CODES
from medspec.text.diagnostic import Report
from medspec.text.edits import apply, choose
from medspec.text.source import Place, Source

TASK = '''
record Row {
  id   : text
  note : text
  gold : text
}

dataset rows : Row {
  source  = jsonl("rows.jsonl")
  splits  = [test]
  license = "mit"
}

prompt ask(note: text) { user """{{ note }}""" }

task quiz @1 {
  data    = rows.test
  prompt  = ask
  answer  text via plain
  metrics { primary exact_match }
}
'''
SOUND = f"edition 2026\n\nimport std.metrics {{ exact_match }}\n{TASK}"

# What somebody wrote, and what it becomes. All of them are `SOUND` with something wrong in it.
MENDED = {
    "an import is missing, and there is none": (SOUND.replace("\nimport std.metrics { exact_match }\n", "", 1), SOUND),
    "an import is missing, and there is one of the module": (
        SOUND.replace("primary exact_match", "primary exact_match   token_f1"),
        SOUND.replace("{ exact_match }", "{ exact_match, token_f1 }", 1).replace("primary exact_match", "primary exact_match   token_f1"),
    ),
    "two imports are missing": (
        f"edition 2026  # why\n{TASK}".replace("primary exact_match", "primary exact_match   token_f1"),
        f"edition 2026  # why\n\nimport std.metrics {{ exact_match, token_f1 }}\n{TASK}".replace(
            "primary exact_match", "primary exact_match   token_f1"
        ),
    ),
    "a name is imported for nothing": (SOUND.replace("{ exact_match }", "{ accuracy, exact_match }", 1), SOUND),
    "the last name is imported for nothing": (SOUND.replace("{ exact_match }", "{ exact_match, token_f1 }", 1), SOUND),
    "several names are imported for nothing": (
        SOUND.replace("{ exact_match }", "{ accuracy, exact_match, macro_f1, token_f1, }", 1),
        SOUND.replace("{ exact_match }", "{ exact_match, }", 1),
    ),
    "a whole import is for nothing": (
        SOUND.replace("2026\n", "2026\nimport std.metrics { accuracy, macro_f1 }\n", 1),
        SOUND.replace("2026\n", "2026\n", 1),
    ),
    "a type is given with an equals sign": (SOUND.replace("note : text", "note = text"), SOUND),
    "a value is given with a colon": (SOUND.replace("data    =", "data:"), SOUND.replace("data    =", "data =")),
    "commas between clauses": (SOUND.replace("[test]\n", "[test],\n"), SOUND),
    "with": (SOUND.replace("text via plain", "text with plain"), SOUND),
    "single quotes": (SOUND.replace('"mit"', "'mit'"), SOUND),
    "bent quotes": (SOUND.replace('"mit"', "“mit”"), SOUND),
    "semicolons": (SOUND.replace("ask\n", "ask;\n").replace("[test]\n", "[test];\n"), SOUND),
    "no edition": (SOUND.replace("edition 2026\n\n", ""), SOUND),
    "a keyword in capitals": (SOUND.replace("\nrecord Row", "\nRecord Row"), SOUND),
    "a setting in capitals": (SOUND.replace("license", "License"), SOUND),
    "a reader in capitals": (SOUND.replace("via plain", "via Plain"), SOUND),
    "a metric in capitals": (SOUND.replace("primary exact_match", "primary Exact_Match"), SOUND),
    "an imported metric in capitals": (SOUND.replace("exact_match", "Exact_Match"), SOUND),
    "a type in capitals": (SOUND.replace("gold : text", "gold : Text"), SOUND),
    "a record in small letters": (SOUND.replace("rows : Row", "rows : row"), SOUND),
    "a name in a template": (SOUND.replace("{{ note }}", "{{ Note }}"), SOUND),
    "a split in capitals": (SOUND.replace("rows.test", "rows.Test"), SOUND),
    "a doc comment where there is nothing to document": (
        SOUND.replace("  data ", "  ## the rows\n  data "),
        SOUND.replace("  data ", "  # the rows\n  data "),
    ),
    "several at once": (
        SOUND.replace("note : text", "note = text").replace("via", "with").replace("[test]\n", "[test];\n"),
        SOUND,
    ),
}  # fmt: skip

# Wrong, and not for a machine to mend.
LEFT = {
    "a misspelt name": SOUND.replace("via plain", "via plian"),
    "an apostrophe": SOUND.replace('"mit"', "'it's'"),
    "a semicolon in a list": SOUND.replace("[test]", "[test; dev]"),
    "an import with a comment": SOUND.replace("{ exact_match }", "{ exact_match, # why\n  accuracy }", 1),
    "a private declaration": SOUND + "\nenum _Draft { yes  no }\n",
    "a setting without its mark": SOUND.replace("via plain", "unread skip"),
    "two readers": SOUND.replace("via plain", "via plain via plain"),
    "a value that may be a name": SOUND.replace("license = ", "license "),
}


def fixed(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch, *, beside: tuple[tuple[str, str], ...] = ()
) -> Fixes:
    monkeypatch.chdir(folder)
    for name, content in (("main.medspec", text), *beside):
        Path(name).write_text(content, encoding="utf-8")
    return fix([Path("main.medspec")], root=Path())


def test_the_sound_spec_is_sound(tmp_path, monkeypatch):
    result = fixed(tmp_path, SOUND, monkeypatch)
    assert not result.made and not result.left and not result.texts


@pytest.mark.parametrize("name", MENDED)
def test_what_a_spec_becomes(name, tmp_path, monkeypatch):
    wrong, right = MENDED[name]
    result = fixed(tmp_path, wrong, monkeypatch)
    assert result.made and not result.left, [one.title for one in result.left]
    assert result.texts == {Path("main.medspec"): right}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_to_its_author(name, tmp_path, monkeypatch):
    result = fixed(tmp_path, LEFT[name], monkeypatch)
    assert not result.made and not result.texts and result.left


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_fixing_the_wrong_spec_of_a_code_brings_no_other(code, tmp_path, monkeypatch):
    before = fixed(tmp_path, code.wrong, monkeypatch, beside=code.beside)
    (Path("main.medspec")).write_text(code.wrong, encoding="utf-8")
    found = Counter(one.code for one in check_paths([Path("main.medspec")], root=Path()).diagnostics)
    left = Counter(one.code for one in before.left)
    assert left == found - Counter(one.code for one in before.made)


def test_some_codes_of_the_catalogue_are_mended(tmp_path, monkeypatch):
    """The law above would hold of an empty list as well."""
    mended = set()
    for code in CODES:
        folder = tmp_path / code.code
        folder.mkdir()
        if fixed(folder, code.wrong, monkeypatch, beside=code.beside).made:
            mended.add(code.code)
    assert {"E0101", "E0104", "E0105", "W0202"} <= mended


def test_an_imported_module_is_left_alone(tmp_path, monkeypatch):
    text = "edition 2026\nimport other { Level }\nrecord Row { id: text  gold: Level }\n"
    beside = (("other.medspec", "edition 2026\nenum Level { low, high }\n"),)
    result = fixed(tmp_path, text, monkeypatch, beside=beside)
    assert not result.texts and [one.place.source.path for one in result.left] == ["other.medspec"]


# Choosing edits


def edited(source: Source, *wanted: tuple[tuple[int, int, str], ...]):
    report = Report()
    for number, edits in enumerate(wanted):
        report.add(
            "E0101",
            f"number {number}",
            Place(source, edits[0][0], edits[0][1]),
            edits=[_edit(source, *edit) for edit in edits],
        )
    return report.diagnostics


def _edit(source: Source, start: int, end: int, text: str):
    from medspec.text.diagnostic import Edit

    return Edit(Place(source, start, end), text)


def test_edits_that_touch_wait_for_the_next_round():
    source = Source("a", "0123456789")
    found = edited(source, ((0, 2, "x"),), ((2, 4, "y"),), ((5, 5, "+"),), ((5, 5, "-"),), ((7, 9, ""),))
    choice = choose(found, frozenset("a"))
    assert [one.title for one in choice.chosen] == ["number 0", "number 2", "number 4"]
    assert apply(choice.chosen, {"a": source.text}) == {"a": "x234+569"}


def test_the_edits_of_one_diagnostic_are_made_together_or_not_at_all():
    source = Source("a", "0123456789")
    choice = choose(
        edited(source, ((0, 1, "x"),), ((0, 1, "x"), (8, 9, "y")), ((4, 5, "z"), (8, 9, "z"))), frozenset("a")
    )
    assert not choice.chosen and choice.disputed == {"a"}
    choice = choose(edited(source, ((0, 1, "x"), (8, 9, "y")), ((0, 1, "x"),)), frozenset("a"))
    assert apply(choice.chosen, {"a": source.text}) == {"a": "x1234567y9"}
    assert len(choice.chosen) == 2


def test_a_source_that_may_not_be_changed_is_not():
    assert not choose(edited(Source("a", "0123"), ((0, 1, "x"),)), frozenset("b")).chosen
