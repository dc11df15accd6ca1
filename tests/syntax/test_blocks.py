'''Texts between `"""`: the indentation of the spec goes, everything else stays, and every letter is found again.'''

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.syntax.blocks import dedent

RAW = st.lists(st.sampled_from(["\n", "\n", "  ", "\t", " ", "a", "b c", "é", "{{ x }}", '"'])).map("".join)


@given(RAW, st.integers(0, 50))
def test_every_letter_is_found_again(raw: str, start: int) -> None:
    source = "x" * start + raw
    block = dedent(raw, start)
    assert [source[block.source_offset(at)] for at in range(len(block.text))] == list(block.text)
    # Just behind the text, where "something is missing here" is said.
    assert start <= block.source_offset(len(block.text)) <= len(source)


@given(st.lists(st.sampled_from(["", "a", "  a", "    b c", "\ta", "  \tb"]), min_size=1))
def test_indentation_goes_as_in_the_standard_library(lines: list[str]) -> None:
    raw = "\n" + "\n".join(lines) + "\n  "
    assert dedent(raw, 0).text == textwrap.dedent("\n".join(lines))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("", ""),
        ("a", "a"),
        ("  a  ", "  a  "),
        ("\n    a\n    b\n    ", "a\nb"),
        ("\n    a\n      b\n\n    c\n  ", "a\n  b\n\nc"),
        ("\n    a\n    b", "a\nb"),
        ("a\n    b\n    c\n    ", "a\nb\nc"),
        ("\n\n    a\n    ", "\na"),
        ("\n    a\n\n    ", "a\n"),
        ("\n", ""),
        ("\n    ", "    "),
        ("\n\ta\n    b\n", "\ta\n    b"),
        ('\n    a\\n \\" b\n', 'a\\n \\" b'),
    ],
)
def test_examples(raw: str, text: str) -> None:
    assert dedent(raw, 7).text == text
