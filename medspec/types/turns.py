"""`turns`: a conversation as data, a list of who said what.

Each entry is a record with `role` (system, user or assistant) and `text`, so a template can loop over it. Where others speak,
they are the cases of an enum: `turns<Speaker>`. Other customs of writing conversations are read where the field says so:

    talk : turns                        [{"role": "user", "text": "..."}, ...]
    talk : turns from messages          [{"role": "user", "content": "..."}, ...]
    talk : turns from sharegpt          [{"from": "human", "value": "..."}, ...]
    talk : turns<Speaker> from lines    "Doctor: What brings you in?\\nPatient: My knee."

Of lines, each that is not blank begins with who speaks, as the case is written or named, and a colon. A line that begins
otherwise is a fault of the data: were it added to what was said before it, nobody would see that a speaker is missing.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.enum import EnumCase, EnumType
from medspec.types.record import FieldType, RecordType
from medspec.types.sequence import ListType
from medspec.types.text import TextType

ROLES = ("system", "user", "assistant")

_ROLES = EnumType("role", tuple(EnumCase(role, role) for role in ROLES))


def turn_of(speakers: EnumType) -> RecordType:
    """The type of one turn, said by a case of `speakers`."""
    return RecordType("turn", (FieldType("role", speakers), FieldType("text", TextType())))


_TURN = turn_of(_ROLES)
_KEYS = {"turns": ("role", "text"), "messages": ("role", "content"), "sharegpt": ("from", "value")}
_LINES = "lines"
WRITTEN = (*_KEYS, _LINES)
"""The customs, by the word that stands after `from`."""

_SHAREGPT_ROLES = {"human": "user", "gpt": "assistant"}


@attrs.frozen
class TurnsType(ListType):
    """Values are tuples of dicts with `role` and `text`. `written` is the custom data follow."""

    item: Type = _TURN
    written: str = attrs.field(default="turns", eq=False)
    kind = "turns"

    @property
    def speakers(self) -> EnumType:
        assert isinstance(self.item, RecordType)
        role = self.item.fields[0].type
        assert isinstance(role, EnumType)
        return role

    @property
    def spelled(self) -> str:
        return "turns" if self.item == _TURN else f"turns<{self.speakers.spelled}>"

    def load(self, raw: Any, row: Row) -> tuple[Any, ...]:
        if self.written == _LINES:
            return super().load(_of_lines(raw, self.speakers), row)
        if self.written == "turns" or not isinstance(raw, list | tuple):
            return super().load(raw, row)
        role, text = _KEYS[self.written]
        entries = []
        for index, entry in enumerate(raw):
            if not isinstance(entry, dict) or role not in entry or text not in entry:
                raise Misfit(f"entry {index}: expected an object with {role!r} and {text!r}")
            said = entry[role]
            entries.append({"role": _SHAREGPT_ROLES.get(said, said), "text": entry[text]})
        return super().load(entries, row)


def _of_lines(raw: Any, speakers: EnumType) -> list[dict[str, str]]:
    """The turns of a text whose lines begin with who speaks. Raises `Misfit` for a line that does not."""
    if not isinstance(raw, str):
        raise Misfit("expected one text, whose lines begin with who speaks")
    names = {**{case.name: case.name for case in speakers.cases}, **{case.text: case.name for case in speakers.cases}}
    longest_first = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    turns = []
    for number, line in enumerate(raw.splitlines(), 1):
        said = re.fullmatch(rf"\s*({longest_first})\s*:\s*(.*?)\s*", line)
        if said is not None:
            turns.append({"role": names[said[1]], "text": said[2]})
        elif line.strip():
            shown = line.strip() if len(line.strip()) <= 40 else line.strip()[:37] + "..."
            known = ", ".join(case.text for case in speakers.cases)
            raise Misfit(f"line {number} begins with none of {known} and a colon: {shown!r}")
    return turns
