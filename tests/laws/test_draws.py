"""Both kinds of draws keep to their ranges, and what chance gave can be taken up value by value."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from medspec.laws.draws import Chance, Draws, Searched


def drawn(draws: Draws) -> list[object]:
    """Something of every kind."""
    order = [1, 2, 3, 4]
    draws.shuffle(order)
    return [draws.below(7), draws.randint(-3, 3), draws.choice("abc"), draws.flag(), draws.one_of((1, 2)), order,
            draws.order(5), draws.text(9), repr(draws.number()), draws.random(), draws.uniform(2, 3), draws.getrandbits(5),
            draws.sample(range(10), 3), draws.randrange(0, 10, 5)]  # fmt: skip


def check_ranges(found: list[object]) -> None:
    below, whole, letter, flag, one, order, places, text, _, share, between, bits, some, step = found
    assert below in range(7) and whole in range(-3, 4) and letter in ("a", "b", "c") and flag in (False, True)
    assert one in (1, 2) and sorted(order) == [1, 2, 3, 4] and sorted(places) == list(range(5))  # type: ignore[call-overload]
    assert len(text) <= 9 and text.encode() is not None and 0 <= share < 1 and 2 <= between <= 3  # type: ignore[arg-type, operator, attr-defined]
    assert bits in range(32) and len(set(some)) == 3 and step in (0, 5)  # type: ignore[call-overload]


@given(st.integers(0, 2**64 - 1))
def test_chance_keeps_to_its_ranges_and_its_seed(seed: int) -> None:
    before = random.getstate()
    found = drawn(Chance(seed))
    check_ranges(found)
    assert found == drawn(Chance(seed))
    assert random.getstate() == before


@given(st.data())
def test_what_is_searched_keeps_to_its_ranges(data: st.DataObject) -> None:
    check_ranges(drawn(Searched(data)))


def test_every_value_comes_and_odd_ones_come_often() -> None:
    found = [Chance(seed).below(100) for seed in range(3000)]
    assert set(found) == set(range(100))
    ends = sum(value in (0, 99) for value in found)
    assert ends > 300
