"""An `enum` the author declares: one of a fixed set of named cases.

    enum Decision { yes  no  maybe }
    enum Triage { red "Immediate"  amber "Urgent"  green "Can wait" }

A case has a name (what data hold, and `to_json` writes) and a text (what people and models see; the name where no text
is given). Two enums are never the same type, even with equal cases.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type


@attrs.frozen
class EnumCase:
    name: str
    text: str


@attrs.frozen
class EnumType:
    """Values are case names, as Python text."""

    # Part of what the type is, but of nothing that is sent or scored.
    name: str = attrs.field(metadata={"hash": False})
    cases: tuple[EnumCase, ...]
    kind = "enum"

    @property
    def spelled(self) -> str:
        return self.name

    @property
    def children(self) -> tuple[Type, ...]:
        return ()

    def load(self, raw: Any, row: Row) -> str:
        for case in self.cases:
            if raw == case.name:
                return case.name
        matches = [case.name for case in self.cases if raw == case.text]
        if len(matches) == 1:
            return matches[0]
        raise Misfit(f"expected one of {', '.join(case.name for case in self.cases)}")

    def to_json(self, value: str) -> str:
        return value

    def invent(self, rng: random.Random, row: Row) -> str:
        return rng.choice(self.cases).name

    def text_of(self, value: str) -> str:
        """What people and models see for the case named `value`."""
        return next(case.text for case in self.cases if case.name == value)

    def index_of(self, value: str) -> int:
        """The position of the case named `value`, from 0."""
        return next(index for index, case in enumerate(self.cases) if case.name == value)
