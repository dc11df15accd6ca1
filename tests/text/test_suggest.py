"""The suggestion rule, and its distance compared with a search that tries every edit."""

from __future__ import annotations

from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.text.suggest import distance, nearest

LETTERS = "abc"
words = st.text(st.sampled_from(LETTERS), max_size=6)
names = st.text(st.sampled_from("abAB_"), min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("acuracy", ["accuracy", "macro_f1"], "accuracy"),
        ("quesiton", ["question", "options"], "question"),
        ("Gold", ["gild", "gold"], "gold"),
        ("decision", ["Decision", "decisions"], "Decision"),
        ("question", ["options"], None),
        ("question", [], None),
        ("stem", ["step", "steam"], "steam"),
        ("id", ["is", "idx"], "idx"),
        ("k", ["n"], None),
        ("k", ["K"], "K"),
        ("data", ["data"], None),
        ("macrof1", ["macro_f1", "micro_f1"], "macro_f1"),
        ("abcdef", ["abXYef", "abXYZf"], "abXYef"),
        ("abcde", ["abXYe"], None),
    ],
)
def test_by_hand(name, candidates, expected):
    assert nearest(name, candidates) == expected


@given(names, st.lists(names, max_size=6), st.randoms())
def test_the_order_of_the_candidates_does_not_matter(name, candidates, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert nearest(name, candidates) == nearest(name, shuffled)


@given(names, st.lists(names, max_size=6))
def test_a_suggestion_is_a_candidate_within_a_third(name, candidates):
    found = nearest(name, candidates)
    if found is None:
        assert all(other == name or distance(name, other) > 0 for other in candidates)
        return
    assert found in candidates and found != name
    assert found.casefold() == name.casefold() or distance(name, found) <= max(1, len(name) // 3)


@given(names, st.lists(names, max_size=6))
def test_nothing_nearer_is_passed_over(name, candidates):
    found = nearest(name, candidates)
    by_case = [other for other in candidates if other != name and other.casefold() == name.casefold()]
    if by_case:
        assert found in by_case
        return
    near = [distance(name, other) for other in candidates if other != name and len(name) > 1]
    expected = min(near, default=99)
    assert (distance(name, found) if found else 99) == (expected if expected <= max(1, len(name) // 3) else 99)


@cache
def neighbours(word: str) -> set[str]:
    """Every word one edit away, over the letters of the test."""
    spots = range(len(word) + 1)
    removed = {word[:i] + word[i + 1 :] for i in spots if i < len(word)}
    inserted = {word[:i] + letter + word[i:] for i, letter in product(spots, LETTERS)}
    replaced = {word[:i] + letter + word[i + 1 :] for i, letter in product(spots, LETTERS) if i < len(word)}
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in spots if i + 1 < len(word)}
    return removed | inserted | replaced | swapped


def distance_by_search(left: str, right: str) -> int:
    """The number of edits, found by trying all of them: slow and plainly right."""
    seen, steps = {left}, 0
    while right not in seen:
        seen |= {further for word in seen for further in neighbours(word) if len(further) <= 4}
        steps += 1
    return steps


short = st.text(st.sampled_from(LETTERS), max_size=3)


@given(short, short)
def test_distance_equals_a_search_over_all_edits(left, right):
    assert distance(left, right) == distance_by_search(left, right)


@given(words, words, words)
def test_distance_is_a_metric(left, middle, right):
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)
    assert distance(left, right) <= distance(left, middle) + distance(middle, right)
