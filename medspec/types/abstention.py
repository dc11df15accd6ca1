"""`T or abstain`: a value of `T`, or the statement that there is no saying.

An abstention is an answer. It is not None, which says that there is none of something, and not `Unread`, which says that a
reply could not be read. Data and models write it as a word that stands for the whole answer:

    answer Decision or abstain                  abstain
    gold : Decision or abstain("unanswerable")  unanswerable

No other value is taken for it: an empty cell of a gold is a mistake in the data, not a question without an answer.
"""

from __future__ import annotations

import json
import random
from typing import Any

import attrs

from medspec.types.base import Row, Type

WORD = "abstain"
"""What stands for an abstention where the spec names no other word, and in specs themselves."""

_SHARE = 0.15


@attrs.frozen
class Abstained:
    """The value of an abstention; all are equal."""

    def __str__(self) -> str:
        return WORD


ABSTAINED = Abstained()


@attrs.frozen
class AbstainType:
    """Values are those of `item`, or `ABSTAINED`, which is written `word`."""

    item: Type
    word: str = attrs.field(default=WORD, eq=False)
    kind = "abstain"

    @property
    def spelled(self) -> str:
        return f"{self.item.spelled} or abstain" + ("" if self.word == WORD else f"({json.dumps(self.word)})")

    @property
    def children(self) -> tuple[Type, ...]:
        return (self.item,)

    def load(self, raw: Any, row: Row) -> Any:
        return ABSTAINED if raw == self.word else self.item.load(raw, row)

    def to_json(self, value: Any) -> Any:
        return self.word if value == ABSTAINED else self.item.to_json(value)

    def invent(self, rng: random.Random, row: Row) -> Any:
        return ABSTAINED if rng.random() < _SHARE else self.item.invent(rng, row)
