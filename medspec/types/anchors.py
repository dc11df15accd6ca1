"""Anchors: the fields of the row that a value of some type refers to.

choice of options                            options
(span<Entity> in note)[]                     note
box(xyxy, unit) in scan from box(xyxy, pixel, width: w, height: h)      scan, w, h
"""

from __future__ import annotations

from medspec.types.base import Type


def anchors(type_: Type) -> set[str]:
    """The fields that must be loaded before a value of `type_`, through lists, optionals and records.

    A record's own fields are not among them: what is anchored in its own record needs nothing from outside.
    """
    found = set(getattr(type_, "needs", ()))
    of = getattr(type_, "of", None)
    if isinstance(of, str):
        found.add(of)
    for child in type_.children:
        found |= anchors(child)
    if type_.kind == "record":
        found -= {field.name for field in type_.fields}  # type: ignore[attr-defined]
    return found
