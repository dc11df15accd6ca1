"""Whether a model that answers with labels or boxes can answer with values of a type."""

from __future__ import annotations

from collections.abc import Sequence

from medspec.backends.base import Abilities
from medspec.types import Type
from medspec.types.labels import Names, Unmatched, located_fields, match_labels, names_of

_ANSWERS = {
    "label": (("bool", "enum", "choice"), "one of its labels"),
    "labels": (("set",), "any number of its labels"),
    "boxes": (("box", "list"), "boxes on the one image"),
}


def misfit_of_labels(type_: Type, abilities: Abilities) -> str | None:
    """Why a model with these abilities cannot answer with a value of `type_`; None where it can."""
    kinds, words = _ANSWERS[abilities.answers]
    inner = type_.children[0] if type_.kind in ("list", "set") and type_.children else type_
    inside = located_fields(inner) if type_.kind == "list" else None
    if abilities.answers == "boxes" and inside is not None:
        return _unmatched(abilities.labels, names_of(type_, {}))
    wanted = {"list": "box", "set": "enum"}.get(type_.kind, inner.kind)
    if type_.kind not in kinds or inner.kind != wanted:
        return f"answers with {words}, and this answer is {type_.spelled}"
    if type_.kind not in ("bool", "enum", "set"):
        return None
    return _unmatched(abilities.labels, names_of(inner, {}))


def _unmatched(labels: Sequence[str], names: Names) -> str | None:
    try:
        match_labels(labels, names)
    except Unmatched as err:
        return str(err)
    return None
