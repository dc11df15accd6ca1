"""Which value of an answer a label of a classifier stands for.

A label and a value are the same when their names are, letter case, `_`, `-` and blanks aside. An enum's case goes by its name
and its text, an option by its letter and its text, true by `yes`, `true` and `positive`, false by `no`, `false` and `negative`.
Nothing is guessed: a value without a label, a label without a value and a name that stands for two are refused.

    >>> from medspec.types import BooleanType
    >>> match_labels(("NEGATIVE", "POSITIVE"), names_of(BooleanType(), {}))
    (1, 0)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medspec.types.choice import LETTERS

YES, NO = ("yes", "true", "positive"), ("no", "false", "negative")

Names = tuple[tuple[str, ...], ...]


class Unmatched(ValueError):
    """Labels that are not the values of an answer; the text says which."""


def names_of(type_: Any, row: Any) -> Names:
    """The names of each value of the type: true and false, the cases of an enum, the options of the row."""
    match type_.kind:
        case "bool":
            return YES, NO
        case "enum":
            return tuple(tuple(dict.fromkeys((case.name, case.text))) for case in type_.cases)
        case "set":
            return names_of(type_.item, row)
        case "list" if (inside := located_fields(type_.item)) is not None:
            return names_of(type_.item.field(inside[1]).type, row)
        case "choice":
            options = [str(option) for option in row[type_.of]]
            return tuple(((LETTERS[at],) if at < len(LETTERS) else ()) + (text,) for at, text in enumerate(options))
    return ()


def match_labels(labels: Sequence[str], names: Names, *, whole: bool = True) -> tuple[int, ...]:
    """The place in `labels` of the label of each value. With `whole` every label must be that of a value.

    Raises `Unmatched`.
    """
    folded = [_fold(label) for label in labels]
    places = []
    for value in names:
        wanted = {_fold(name) for name in value}
        found = [at for at, label in enumerate(folded) if label in wanted]
        if len(found) != 1:
            what = "no label" if not found else f"{len(found)} labels"
            raise Unmatched(f"has {what} for `{value[-1]}`; its labels are {_listed(labels)}")
        places.append(found[0])
    double = next((at for at in places if places.count(at) > 1), None)
    if double is not None:
        raise Unmatched(f"has the label `{labels[double]}`, which is the name of two values of the answer")
    extra = [label for at, label in enumerate(labels) if at not in places]
    if whole and extra:
        raise Unmatched(f"may answer `{extra[0]}`, which is no value of the answer; its labels are {_listed(labels)}")
    return tuple(places)


def located_fields(type_: Any) -> tuple[str, str, str | None] | None:
    """The names of the box, the label and the confidence of a record of just these; None for another type."""
    if type_.kind != "record":
        return None
    kinds = {field.name: field.type for field in type_.fields}
    boxes, labels, sure = (
        [name for name, inner in kinds.items() if inner.kind == kind] for kind in ("box", "enum", "float")
    )
    if (len(boxes), len(labels)) != (1, 1) or len(sure) > 1 or len(kinds) != 2 + len(sure):
        return None
    if sure and (kinds[sure[0]].low, kinds[sure[0]].high) != (0, 1):
        return None
    return boxes[0], labels[0], sure[0] if sure else None


def _fold(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _listed(labels: Sequence[str]) -> str:
    shown = ", ".join(f"`{label}`" for label in labels[:12])
    return shown + (f" and {len(labels) - 12:,} more" if len(labels) > 12 else "")
