"""Damaged specs: nothing crashes, and one missing token is one message."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from medspec.codes import CODES
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.render import render
from medspec.text.source import Source

TOKEN = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\w+|\.\.|[^\w\s]')
SOUND = sorted({code.right for code in CODES})
WORDS = sorted({token for text in SOUND for token in TOKEN.findall(text)}) + [
    "\n",
    " ",
    '"""',
    '"',
    "\x00",
    "é",
    "{%",
    "##",
]


def problems(text: str):
    report = Report()
    parse(Source("main.medspec", text), report)
    render(report.diagnostics)
    return report.diagnostics


def test_the_sound_specs_are_sound():
    assert not [text for text in SOUND if problems(text)]


def test_one_deleted_token_is_at_most_one_message():
    for text in SOUND:
        for token in TOKEN.finditer(text):
            found = problems(text[: token.start()] + text[token.end() :])
            assert len(found) <= 1, render(found)


def test_half_a_file_is_at_most_one_message():
    for text in SOUND:
        for end in range(0, len(text), 7):
            found = problems(text[:end])
            assert len(found) <= 1, render(found)


@given(st.sampled_from(SOUND), st.data())
def test_no_replaced_token_crashes(text, data):
    tokens = list(TOKEN.finditer(text))
    token = data.draw(st.sampled_from(tokens))
    problems(text[: token.start()] + data.draw(st.sampled_from(WORDS)) + text[token.end() :])


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text(max_size=200))
def test_no_text_crashes(text):
    for one in problems(text):
        assert all(0 <= label.place.start <= label.place.end <= len(text) for label in one.labels)


def test_a_doc_comment_at_the_end_of_a_line_belongs_to_the_declaration_below():
    """It once began an island of no length, and the file was cut at it forever."""
    report = Report()
    parsed = parse(Source("main.medspec", "edition 2026  ## a note\nenum Note { short  long }\n"), report)
    assert not report.found
    assert parsed.declarations[0].doc == ("a note",)
