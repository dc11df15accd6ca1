"""Specs that are too large or too deep get one clear error, at once."""

from __future__ import annotations

import time

import pytest

from medspec.check import check_text
from medspec.syntax.islands import MAX_LENGTH

HEAD = "edition 2026\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (HEAD + "enum E { a  b }\n" * (10_000_000 // 16), "E0107", "too large"),
        (HEAD + f"record R {{ x : {'(' * 10_000}text{')' * 10_000} }}\n", "E0107", "nested more than 100 deep"),
        (HEAD + f"record R {{ x : text{'?' * 20_000} }}\n", "E0107", "nested too deeply"),
        (HEAD + f'prompt p(x: text) {{ user """{"{% if x %}" * 5000}""" }}\n', "E0402", "nested more than 40 deep"),
        (HEAD + f'prompt p(x: text) {{ user "{{{{ {"(" * 5000}x{")" * 5000} }}}}" }}\n', "E0402", "deep"),
    ],
    ids=["10 MB", "brackets", "optionals", "statements", "expressions"],
)
def test_a_bomb_is_one_error_within_seconds(text, code, said):
    started = time.process_time()
    (diagnostic,) = check_text(text).diagnostics
    assert diagnostic.code == code
    assert said in diagnostic.title
    assert time.process_time() - started < 10  # a bound against blow-up, not a measure of speed


def test_a_long_line_is_no_mistake():
    name = "a" * (MAX_LENGTH // 2)
    assert check_text(f"{HEAD}enum E {{ {name}  b }}\n").diagnostics == ()


def test_thousands_of_mistakes_are_all_told():
    text = HEAD + "enum E { a  b }\n" * 5001
    assert len(check_text(text).diagnostics) == 5000
