"""One mistake is one message, several are several, and no damage to a spec crashes the checker.

Damaged are the specs of this repository, one token at a time: taken out, written twice, or replaced by something that
cannot stand there. What is said about it is one sentence, or nothing where the result is a sound spec too.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_specs import changed
from shared_data import ROOT

from medspec.check import check_paths, check_text
from medspec.text.diagnostic import Diagnostic
from medspec.text.render import render

TOKEN = re.compile(r'"""[\s\S]*?"""|#[^\n]*|"(?:[^"\\\n]|\\.)*"|\w+|\.\.|[^\w\s]')
SPECS = ROOT / "specs"
TEXT = SPECS / "text"
SETS = sorted(folder.name for folder in SPECS.iterdir() if any(folder.glob("*.medspec")))
SAMPLE = int(os.environ.get("DAMAGES", "500"))
"""So many damages of each folder of specs: a suite of seventy tasks takes a second to check."""
SEED = int(os.environ.get("DAMAGES_SEED", "1"))
"""Which of them: another number tries others."""
DAMAGES = ("taken out", "written twice", " { ", " 7 ", ' "t" ')

Token = tuple[Path, re.Match[str]]


def read_texts(folder: Path) -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in sorted(folder.glob("*.medspec"))}


def tokens_of(texts: dict[Path, str]) -> list[Token]:
    """Every token of the texts but their comments."""
    return [(path, match) for path, text in texts.items() for match in TOKEN.finditer(text) if match[0][0] != "#"]


TEXTS = read_texts(TEXT)
TOKENS = tokens_of(TEXTS)


def damaged(match: re.Match[str], damage: str) -> str:
    """The text of the file after the damage. A token that is taken out leaves a blank, so that its neighbours stay two."""
    instead = {"taken out": " ", "written twice": f"{match[0]} {match[0]}"}.get(damage, damage)
    return match.string[: match.start()] + instead + match.string[match.end() :]


def errors_of(path: Path, text: str) -> list[Diagnostic]:
    """What is wrong with the suite when one of its files holds `text`."""
    checked = check_paths([path.parent], root=SPECS, texts={path: text})
    render(checked.diagnostics)
    return [one for one in checked.diagnostics if one.is_error]


def sentences_of(errors: list[Diagnostic]) -> set[tuple[str, str]]:
    return {(one.code, one.title) for one in errors}


@given(st.sampled_from(TOKENS), st.sampled_from(DAMAGES))
def test_a_damaged_token_is_one_mistake(token: Token, damage: str) -> None:
    path, match = token
    errors = errors_of(path, damaged(match, damage))
    assert len(sentences_of(errors)) <= 1, render(errors)


@pytest.mark.slow
@pytest.mark.parametrize("folder", SETS)
def test_damaged_tokens_of_all_specs_are_one_mistake_each(folder: str) -> None:
    """All that are not are told together, since each takes its time to find."""
    every = [(token, damage) for token in tokens_of(read_texts(SPECS / folder)) for damage in DAMAGES]
    wrong = []
    for (path, match), damage in Random(SEED).sample(every, min(SAMPLE, len(every))):
        errors = errors_of(path, damaged(match, damage))
        if len(sentences_of(errors)) > 1:
            wrong.append(f"{match[0]!r} is {damage}:\n{render(errors)}")
    assert not wrong, "\n".join(wrong)


@settings(max_examples=max(20, settings().max_examples // 3))
@given(st.sampled_from(TOKENS), st.sampled_from(TOKENS), st.text(max_size=3))
def test_no_damage_crashes(first: Token, other: Token, junk: str) -> None:
    """A token of one spec in the place of a token of another, and anything at all."""
    path, match = first
    text = TEXTS[path]
    for instead in (other[1][0], junk, f"zzz{junk}"):
        errors_of(path, text[: match.start()] + instead + text[match.end() :])


def test_the_specs_are_sound() -> None:
    assert not [one for path, text in TEXTS.items() for one in errors_of(path, text)]


SPEC = """edition 2026
import std.metrics { accuracy }
phrase think = "Think first."
enum Word { yes  no }
record Row { id : text   note : text   gold : Word }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test]  license = "mit" }
prompt ask(note: text) { user "Is it so? {{ note }} {{ think }} yes or no" }
task first  { data = exam.test  prompt = ask  answer Word via plain  metrics { primary accuracy } }
task second = first
suite all @1 { tasks { first  second }  aggregate overall = mean() }
example first "yes" { row = { note = "x"  gold = yes }  reply = "yes"  expect = { answer = yes } }
"""

# Independent mistakes, in the order of the text.
MISTAKES = {
    "accuracy }\nphrase": ("accuracy, nothing }\nphrase", "E0202"),
    "yes  no }": ("yes  no  yes }", "E0203"),
    "gold : Word }": ("gold : Word  more : txet }", "E0201"),
    'license = "mit"': ('licence = "mit"', "E0204"),
    "{{ note }}": ("{{ note }} {{ note | trimm }}", "E0404"),
    "Word via plain": ("Word via plain(x: 1)", "E0211"),
    "first  second }": ("first  second  third }", "E0201"),
    'reply = "yes"': ("reply = 7", "E0507"),
}


def said(text: str) -> list[str]:
    return [one.code for one in check_text(text).diagnostics if one.is_error]


def test_independent_mistakes_are_told_in_one_run_in_the_order_of_the_text() -> None:
    assert said(SPEC) == []
    text = changed(SPEC, *((old, new) for old, (new, _) in MISTAKES.items()))
    assert said(text) == [code for _, code in MISTAKES.values()]


@pytest.mark.parametrize("old", MISTAKES)
def test_each_of_them_alone_is_one(old: str) -> None:
    new, code = MISTAKES[old]
    assert said(changed(SPEC, (old, new))) == [code]


# One cause, though much of the spec depends on it.
CAUSES = {
    ("enum Word { yes  no }", "enum Word { yes no"): "E0102",
    ("enum Word", "enum"): "E0101",
    ("enum Word", "enmu Word"): "E0106",
    ("record Row {", "record Row"): "E0102",
    ("gold : Word }", "gold : Wrod }"): "E0201",
    ("gold : Word }", "gold : Word? }"): "E0305",
    ("enum Word { yes  no }", "enum Word { no }"): "E0308",
    ("note : text   gold", "note : text(max_words: many)   gold"): "E0301",
    ("note : text   gold", "note : text(most: 7)   gold"): "E0211",
    ('source = jsonl("exam.jsonl")', 'source = jsno("exam.jsonl")'): "E0201",
    ("splits = [test]", "splits = []"): "E0301",
    ("splits = [test]", "spilts = [test]"): "E0204",
    ("dataset exam : Row", "dataset exam : Rwo"): "E0201",
    ("prompt ask(note: text)", "prompt ask(noet: text)"): "E0401",
    ("{{ note }}", "{{ note }"): "E0402",
    ("prompt = ask", "prompt = aks"): "E0201",
    ("prompt = ask", "propmt = ask"): "E0204",
    ("primary accuracy", "primary acuracy"): "E0201",
    ("primary accuracy", "primary accuracy  accuracy other"): "E0201",
    ("primary accuracy", "primary accuracy on on other"): "E0201",
    ("phrase think =", "phrase think = ="): "E0101",
    ("phrase think =", "phrase"): "E0101",
    ("phrase think =", "phrase thing ="): "E0401",
    ('"Think first."', '"Think {{ first }}."'): "E0402",
    ("primary accuracy", "primary on answer as right"): "E0101",
    ("primary accuracy", "primary as right"): "E0101",
    ("primary accuracy", "primary accuracy as  accuracy as right"): "E0101",
    (
        "aggregate overall = mean()",
        'aggregate overall = mean() over [7]  reference "A" { overall = 0.5  source = "a" }',
    ): "E0506",
    ("{ accuracy }", "{ acuracy }"): "E0202",
    ("import std.metrics { accuracy }\n", ""): "E0201",
    ("edition 2026\n", ""): "E0105",
    ("edition 2026\n", "edition 2027\n"): "E0105",
    ("task first  {", "task first(k: int)  {"): None,
    ("Word via plain", "Word via spans"): "E0201",
    ("example first", "example frist"): "E0201",
    ("{ user", "{ usr"): "E0101",
}


@pytest.mark.parametrize("edit", CAUSES)
def test_one_cause_is_one_message(edit: tuple[str, str]) -> None:
    found = said(changed(SPEC, edit))
    if CAUSES[edit] is None:
        # A task that became a template: each place that uses it as a task is told.
        assert set(found) <= {"E0209", "E0211"}
        return
    assert found == [CAUSES[edit]]


IMAGES = """edition 2026
import std.metrics { box_map, box_iou }
enum Cell { red  white }
record Located { label : Cell  where : box(xyxy, unit) in scan from box(xyxy, pixel) }
record Row { id : text  scan : image  gold : Located[] }
dataset exam : Row { source = jsonl("exam.jsonl")  splits = [test] }
record One {
  id : text  scan : image  asked : text(boxes: box(xyxy, pixel, image: scan))
  gold : box(xyxy, unit) in scan from box(xyxy, pixel)
}
dataset masks : One { source = jsonl("masks.jsonl")  splits = [test]  columns { gold = mask_box("mask") } }
prompt find(scan: image) { user "{{ scan }} {{ answer_format }}" }
prompt ask(scan: image, asked: text(boxes: box(xyxy, pixel, image: scan))) {
  user "{{ scan }} {{ asked }} {{ answer_format }}"
}
task boxes { data = exam.test  prompt = find  answer Located[] via json  metrics { primary box_map } }
task box   { data = masks.test  prompt = ask   answer box(xyxy, unit) in scan via json  metrics { primary box_iou } }
"""


@pytest.mark.parametrize("order", ["pixel", "xyxy, 7", "7, pixel", "xyxy, pixel, width: 7", "xyxy, pixel, width: []"])
@pytest.mark.parametrize("record", ["where", "gold "])
def test_a_conversion_that_was_refused_is_not_compared_with_anything(order: str, record: str) -> None:
    assert said(IMAGES) == []
    field = f"{record.strip()} : box(xyxy, unit) in scan from box("
    assert len(said(changed(IMAGES, (f"{field}xyxy, pixel", f"{field}{order}")))) == 1


OF_SCAN = ", image: scan"


@pytest.mark.parametrize(
    "boxes",
    [
        f"7, pixel{OF_SCAN}",
        f"xyxy, 7{OF_SCAN}",
        "xyxy, pixel",
        "xyxy, pixel, image: 7",
        f"xyxy, pixel{OF_SCAN}, width: 7",
    ],
)
@pytest.mark.parametrize("where", ["  asked : text(boxes: box(", "ask(scan: image, asked: text(boxes: box("])
def test_boxes_in_a_text_that_were_refused_fit_what_they_are_given(boxes: str, where: str) -> None:
    found = said(changed(IMAGES, (f"{where}xyxy, pixel, image: scan", f"{where}{boxes}")))
    assert len(found) == 1


def test_a_dot_that_is_missing_is_one_mistake() -> None:
    path = TEXT / "clinical_qa.medspec"
    (found,) = errors_of(path, TEXTS[path].replace("mmlu.mmlu_anatomy", "mmlu mmlu_anatomy"))
    assert (found.code, found.helps) == ("E0209", ("write `mmlu.mmlu_anatomy`",))
    assert [edit.text for edit in found.edits] == ["mmlu.mmlu_anatomy"]


@pytest.mark.parametrize("end", ["decode {", "metrics {"])
def test_a_split_that_is_missing_is_one_mistake(end: str) -> None:
    """What stands in the next line is read as its name, and as settings of the shots."""
    path = TEXT / "mts_dialog.medspec"
    rows = "  shots  1 from validation_dialogues."
    (found,) = errors_of(path, TEXTS[path].replace(f"{rows}dev\n  decode {{", f"{rows}\n  {end}"))
    assert (found.code, found.title) == ("E0602", "`validation_dialogues.` is not followed by a split")
    assert found.helps == ("write `validation_dialogues.dev`",)


def test_a_split_that_is_not_listed_is_one_mistake() -> None:
    path = TEXT / "pubmedqa.medspec"
    (found,) = errors_of(path, TEXTS[path].replace("[train, test]", "[train]"))
    assert (found.code, found.title) == ("E0602", "there is no split `test`")
