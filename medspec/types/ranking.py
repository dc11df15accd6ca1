"""`ranking of options`: all of the row's own options, from the first place to the last.

Values are permutations: each option is in exactly one place. How data write the options is stated as for a choice:

    gold : ranking of options                 indexes from 0, the first place first
    gold : ranking of options from index(1)   indexes from 1
    gold : ranking of options from letter     letters
    gold : ranking of options from text       the texts of the options
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.choice import ChoiceType


@attrs.frozen
class RankingType:
    """Values are tuples of indexes into the field `of`; `written` and `first` are those of `ChoiceType`."""

    of: str
    written: str = attrs.field(default="index", eq=False)
    first: int = attrs.field(default=0, eq=False)
    kind = "ranking"

    @property
    def spelled(self) -> str:
        return f"ranking of {self.of}"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    @property
    def place(self) -> ChoiceType:
        """What stands in one place of the ranking."""
        return ChoiceType(self.of, self.written, self.first)

    def load(self, raw: Any, row: Row) -> tuple[int, ...]:
        if not isinstance(raw, list | tuple):
            raise Misfit("expected a list, the first place first")
        count = len(row[self.of])
        if len(raw) != count:
            raise Misfit(f"ranks {len(raw)} of {count} options")
        places = []
        for index, entry in enumerate(raw):
            try:
                places.append(self.place.load(entry, row))
            except Misfit as misfit:
                raise Misfit(f"entry {index}: {misfit}") from None
        if len(set(places)) != count:
            twice = next(place for place in places if places.count(place) > 1)
            raise Misfit(f"ranks option {twice} twice, counted from 0")
        return tuple(places)

    def to_json(self, value: tuple[int, ...]) -> list[int]:
        return list(value)

    def invent(self, rng: random.Random, row: Row) -> tuple[int, ...]:
        places = list(range(len(row[self.of])))
        rng.shuffle(places)
        return tuple(places)
