"""An `enum` the author declares: one of a fixed set of named cases.

    enum Decision { yes  no  maybe }
    enum Triage { red "Immediate"  amber "Urgent"  green "Can wait" }

A case has a name (what data hold, and `to_json` writes) and a text (what people and models see; the name where no text
is given). Two enums are never the same type, even with equal cases.

    gold : Decision from mention       the one case that a text names: "The decision is: Yes."

Then letter case and all but letters and digits make no difference, a case within a longer one that is named does not count,
and a text that names none or several is a fault of the data.
"""

from __future__ import annotations

import random
import re
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type

WRITTEN = ("mention",)
"""Ways in which a text names a case."""

_NO_WORD = re.compile(r"[\W_]+")
_LETTER = "[^\\W⺀-\U0003ffff]"
"""A letter or digit of a script that has blanks between its words; Chinese and Japanese have none."""


@attrs.frozen
class EnumCase:
    name: str
    text: str


@attrs.frozen
class EnumType:
    """Values are case names, as Python text. `written` is one of `WRITTEN` where data write a case in a text."""

    # Part of what the type is, but of nothing that is sent or scored.
    name: str = attrs.field(metadata={"hash": False})
    cases: tuple[EnumCase, ...]
    written: str | None = attrs.field(default=None, eq=False, metadata={"sparse": True})
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
        known = ", ".join(case.name for case in self.cases)
        if self.written is None or not isinstance(raw, str):
            raise Misfit(f"expected one of {known}")
        found = named(raw, self.cases)
        if len(found) != 1:
            several = f"names several cases: {', '.join(found)}"
            raise Misfit(several if found else f"names none of {known}")
        return found[0]

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


def named(text: str, cases: tuple[EnumCase, ...]) -> tuple[str, ...]:
    """The names of the cases whose texts stand in `text` as whole words, the longest first.

    >>> named("It is UNSTABLE angina.", (EnumCase("stable", "stable angina"), EnumCase("unstable", "unstable angina")))
    ('unstable',)
    """
    left = _words(text)
    wordings = sorted(((_words(case.text), case.name) for case in cases), key=lambda pair: -len(pair[0]))
    found = []
    for words, name in wordings:
        if words:
            left, count = re.subn(f"(?<!{_LETTER}){re.escape(words)}(?!{_LETTER})", " | ", left)
            found += [name] if count else []
    return tuple(found)


def _words(text: str) -> str:
    """`text` in lower case, with one blank for whatever is neither letter nor digit."""
    return _NO_WORD.sub(" ", text.casefold()).strip()
