"""`turns`: a conversation as data, a list of who said what.

Each entry is a record with `role` (system, user or assistant) and `text`, so a template can loop over it. Two other
customs of writing conversations are read where the field says so:

    talk : turns                  [{"role": "user", "text": "..."}, ...]
    talk : turns from messages    [{"role": "user", "content": "..."}, ...]
    talk : turns from sharegpt    [{"from": "human", "value": "..."}, ...]
"""

from __future__ import annotations

from typing import Any

import attrs

from medspec.types.base import Misfit, Row, Type
from medspec.types.enum import EnumCase, EnumType
from medspec.types.record import FieldType, RecordType
from medspec.types.sequence import ListType
from medspec.types.text import TextType

ROLES = ("system", "user", "assistant")

_TURN = RecordType(
    "turn",
    (
        FieldType("role", EnumType("role", tuple(EnumCase(role, role) for role in ROLES))),
        FieldType("text", TextType()),
    ),
)
_KEYS = {"turns": ("role", "text"), "messages": ("role", "content"), "sharegpt": ("from", "value")}
WRITTEN = tuple(_KEYS)
"""The customs, by the word that stands after `from`."""

_SHAREGPT_ROLES = {"human": "user", "gpt": "assistant"}


@attrs.frozen
class TurnsType(ListType):
    """Values are tuples of dicts with `role` and `text`. `written` is the custom data follow."""

    item: Type = _TURN
    written: str = attrs.field(default="turns", eq=False)
    kind = "turns"

    @property
    def spelled(self) -> str:
        return "turns"

    def load(self, raw: Any, row: Row) -> tuple[Any, ...]:
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
