"""`choice of options`: one of the row's own options, as an index from 0 into that field.

How the data write the choice is stated where the field is declared, never guessed from the value:

    gold : choice of options                 an index from 0
    gold : choice of options from index(1)   an index from 1
    gold : choice of options from letter     A, B, C, ...
    gold : choice of options from text       the text of the option itself
"""

from __future__ import annotations

import random
import string
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type

LETTERS = string.ascii_uppercase


@attrs.frozen
class ChoiceType:
    """`of` names the list field; `written` is how data write it: `index`, `letter` or `text`; `first` the first index."""

    of: str
    written: str = attrs.field(default="index", eq=False)
    first: int = attrs.field(default=0, eq=False)
    kind = "choice"

    @property
    def spelled(self) -> str:
        return f"choice of {self.of}"

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> int:
        options = row[self.of]
        index = self._index(raw, options)
        if not 0 <= index < len(options):
            raise Misfit(f"there are {len(options)} options, so this is no option")
        return index

    def _index(self, raw: Any, options: list[str]) -> int:
        if self.written == "text":
            places = [index for index, option in enumerate(options) if option == raw]
            if len(places) != 1:
                raise Misfit("equals no option" if not places else f"equals {len(places)} options")
            return places[0]
        if self.written == "letter":
            letter = raw.strip().upper() if isinstance(raw, str) else ""
            if len(letter) != 1 or letter not in LETTERS:
                raise Misfit("expected an option letter")
            return LETTERS.index(letter)
        if isinstance(raw, str) and raw.strip().lstrip("-").isdigit():
            raw = int(raw)
        if isinstance(raw, bool) or not isinstance(raw, int):
            raise Misfit("expected the index of an option; for letters write `from letter` after the type")
        return raw - self.first

    def to_json(self, value: int) -> int:
        return value

    def invent(self, rng: random.Random, row: Row) -> int:
        return rng.randrange(len(row[self.of]))
