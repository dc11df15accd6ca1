"""Where a law's rows and replies come from: whatever is left to chance is drawn from one object.

There are two kinds. `Searched` asks hypothesis for every value, which then varies what it has tried, and makes what breaks a law
small; that costs more than most laws do. `Chance` is a generator of numbers, which costs next to nothing, and keeps a list of what
it gave, so that hypothesis can take up a try from there. Both favour what is likely to break something: the least and the greatest
value, and values that were drawn before. A try that comes to nothing, such as a gold that no reader can write, is `Untriable`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

T = TypeVar("T")

_ALPHABETS: tuple[tuple[int, int], ...] = (
    (0x20, 0x7F), (0x61, 0x7B), (0x00, 0x20), (0x7F, 0x250), (0x300, 0x370), (0x2000, 0x2070), (0x3000, 0x3040),
    (0x4E00, 0x9FFF), (0xFE00, 0x10000), (0x1F300, 0x1F700), (0x00, 0xD800), (0xE000, 0x110000),
)  # fmt: skip
"""Ranges that letters of invented texts come from: ASCII, controls, Latin, combining marks, spaces and directions, Chinese,
full-width forms, pictures, and all that is no surrogate."""

_ODD_NUMBERS = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7976931348623157e308)


class Untriable(Exception):
    """The law says nothing of what was drawn."""


class Draws(Random):
    """A generator like any other, and what else laws draw."""

    @abstractmethod
    def below(self, count: int) -> int:
        """0 to `count` - 1."""

    @abstractmethod
    def random(self) -> float:
        """0 to 1, without 1."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        values = range(start) if stop is None else range(start, stop, step)
        return values[self.below(len(values))]

    def choice(self, seq: Any) -> Any:
        return seq[self.below(len(seq))]

    def getrandbits(self, k: int, /) -> int:
        return self.below(1 << k)

    def shuffle(self, x: Any) -> None:
        for place in reversed(range(1, len(x))):
            other = self.below(place + 1)
            x[place], x[other] = x[other], x[place]

    def flag(self) -> bool:
        """False is the simpler one."""
        return self.below(2) == 1

    def one_of(self, values: Sequence[T]) -> T:
        """A member; the first is the simplest."""
        return values[self.below(len(values))]

    def order(self, count: int) -> list[int]:
        """The numbers below `count` in some order."""
        found = list(range(count))
        self.shuffle(found)
        return found

    def text(self, longest: int) -> str:
        """A text of at most so many letters of all kinds, short ones more often."""
        letters = []
        for _ in range(self.below(self.below(longest + 1) + 1)):
            first, end = self.one_of(_ALPHABETS)
            letters.append(chr(first + self.below(end - first)))
        return "".join(letters)

    def number(self) -> float:
        """Any number that a model may give, those that are none among them."""
        if self.below(4) == 3:
            return self.one_of(_ODD_NUMBERS)
        return (self.random() - 0.5) * 10.0 ** self.below(9)

    @staticmethod
    def impossible() -> NoReturn:
        """End a try of which the law says nothing."""
        raise Untriable


class Chance(Draws):
    """Values of a seeded generator; `given` is what it gave, in order.

    Each generator has its own share of values that are the least, the greatest, or one that it gave before.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.given: list[int | float] = []
        self._odd = (0.0, 0.1, 0.5)[int(Random.random(self) * 3)]
        self._before: dict[int, list[int]] = {}

    def below(self, count: int) -> int:
        value = min(int(Random.random(self) * count), count - 1)
        before = self._before.setdefault(count, [0, count - 1])
        if self._odd and Random.random(self) < self._odd:
            value = before[int(Random.random(self) * len(before))]
        before.append(value)
        self.given.append(value)
        return value

    def random(self) -> float:
        value = Random.random(self)
        if self._odd and Random.random(self) < self._odd:
            value = (0.0, 0.5)[int(value * 2)]
        self.given.append(value)
        return value


class Searched(Draws):
    """Values of hypothesis, each one choice of its own. What `Chance` gave are choices that it can take up."""

    def __init__(self, data: DataObject) -> None:
        super().__init__(0)
        self._data = data

    def below(self, count: int) -> int:
        found: int = self._data.draw(_whole_below(count))
        return found

    def random(self) -> float:
        found: float = self._data.draw(_fractions())
        return found


@lru_cache(maxsize=256)
def _whole_below(count: int) -> Any:
    from hypothesis import strategies as st

    return st.integers(0, count - 1)


@lru_cache(maxsize=1)
def _fractions() -> Any:
    from hypothesis import strategies as st

    return st.floats(0, 1, exclude_max=True)
