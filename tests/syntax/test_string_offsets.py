r"""Texts between `"`: what they say, and where each of their letters stands in the file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.syntax.blocks import unescape_block


@given(st.text(st.sampled_from('ab"\\\n\t{é'), max_size=30))
def test_the_escapes_of_json_mean_the_same(text):
    assert unescape_block(json.dumps(text, ensure_ascii=False)[1:-1], 0).text == text


@given(st.lists(st.sampled_from(["a", "é", "{", r"\"", r"\n", r"\\", r"\t", r"\x", "\\é"]), max_size=20))
def test_each_letter_is_found_where_it_is_written(pieces):
    """Letters of the text and pieces of what is written go side by side; an unknown escape is two letters."""
    written = "".join(pieces)
    block = unescape_block(written, 100)
    known = {r"\"", r"\n", r"\\", r"\t"}
    offset = 0
    at = 100
    for piece in pieces:
        width = 1 if piece in known else len(piece)
        for letter in range(width):
            assert block.source_offset(offset + letter) == at + letter
        offset += width
        at += len(piece)
    assert len(block.text) == offset and block.source_offset(offset) == at


@pytest.mark.parametrize(("written", "text"), [(r"\q", r"\q"), (r"C:\\x", r"C:\x"), (r"\\n", r"\n"), ("", "")])
def test_by_hand(written, text):
    assert unescape_block(written, 0).text == text
