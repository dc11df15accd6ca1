"""`record`: named fields, closed. A row of data is a record too.

Fields anchored in another field (`choice of options`, `box(...) in scan`) are loaded after it, so their order in the text
is free. A record may hold fields that are anchored outside of it, in the row it is part of.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from medspec.types.anchors import anchors
from medspec.types.base import Misfit, Row, Type
from medspec.types.sequence import OptionalType


@attrs.frozen
class FieldType:
    name: str
    type: Type


@attrs.frozen
class RecordType:
    """Values are dicts with exactly the declared fields, in declared order."""

    # Part of what the type is, but of nothing that is sent or scored.
    name: str = attrs.field(metadata={"hash": False})
    fields: tuple[FieldType, ...]
    kind = "record"

    @property
    def spelled(self) -> str:
        return self.name

    @property
    def children(self) -> tuple[Type, ...]:
        return tuple(field.type for field in self.fields)

    def field(self, name: str) -> FieldType | None:
        return next((field for field in self.fields if field.name == name), None)

    def load(self, raw: Any, row: Row) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise Misfit("expected an object")
        unknown = [key for key in raw if self.field(key) is None]
        if unknown:
            raise Misfit(f"unknown field {unknown[0]!r}")
        values: dict[str, Any] = {}
        for field in self.load_order:
            if field.name not in raw and not isinstance(field.type, OptionalType):
                raise Misfit(f"field {field.name!r} is missing")
            try:
                values[field.name] = field.type.load(raw.get(field.name), {**row, **values})
            except Misfit as misfit:
                raise Misfit(f"field {field.name!r}: {misfit}") from None
        return {field.name: values[field.name] for field in self.fields}

    def to_json(self, value: dict[str, Any]) -> dict[str, Any]:
        return {field.name: field.type.to_json(value[field.name]) for field in self.fields}

    def invent(self, rng: random.Random, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field in self.load_order:
            values[field.name] = field.type.invent(rng, {**row, **values})
        return {field.name: values[field.name] for field in self.fields}

    @property
    def load_order(self) -> tuple[FieldType, ...]:
        """The fields, those that are anchored in another field last."""
        names = {field.name for field in self.fields}
        anchored = [field for field in self.fields if anchors(field.type) & names]
        return tuple(field for field in self.fields if field not in anchored) + tuple(anchored)
