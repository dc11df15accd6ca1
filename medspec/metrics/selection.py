"""Fields of an answer: `set_f1 on label`, `mean(answer.harmful)`.

A selection works on both sides at once and is lifted through lists and optionals: for answers of type `Located[]`,
`on label` compares the list of the labels of the answer with the list of the labels of the gold.

    >>> from medspec.types import FieldType, IntegerType, ListType, RecordType
    >>> boxes = ListType(RecordType("Item", (FieldType("size", IntegerType()),)))
    >>> select_type(boxes, ("size",)).spelled
    'int[]'
    >>> select_value(({"size": 3}, {"size": 5}), ("size",))
    (3, 5)
"""

from __future__ import annotations

from typing import Any

from medspec.metrics.batch import Batch
from medspec.readers.base import Unread
from medspec.types.abstention import ABSTAINED, AbstainType
from medspec.types.base import Type
from medspec.types.record import RecordType
from medspec.types.sequence import ListType, OptionalType

Path = tuple[str, ...]


def select_type(type_: Type, path: Path) -> Type | None:
    """The type of what `path` selects in a value of `type_`; None where there is no such field."""
    if not path or type_.kind == "unknown":
        return type_
    match type_:
        case RecordType():
            field = type_.field(path[0])
            return None if field is None else select_type(field.type, path[1:])
        case ListType(item, low, high):
            inner = select_type(item, path)
            return None if inner is None else ListType(inner, low, high)
        case OptionalType(item):
            inner = select_type(item, path)
            return inner if inner is None or isinstance(inner, OptionalType) else OptionalType(inner)
        case AbstainType(item, word):
            inner = select_type(item, path)
            return None if inner is None else AbstainType(inner, word)
        case _:
            return None


def fields_of(type_: Type) -> tuple[str, ...]:
    """The fields that can be selected in a value of `type_`, for messages."""
    while isinstance(type_, ListType | OptionalType | AbstainType):
        type_ = type_.item
    return tuple(field.name for field in type_.fields) if isinstance(type_, RecordType) else ()


def select_value(value: Any, path: Path) -> Any:
    """What `path` selects in `value`; an unread answer stays unread, an abstention one, and None None."""
    if not path or value is None or value == ABSTAINED or type(value) is Unread:
        return value
    if isinstance(value, dict):
        return select_value(value[path[0]], path[1:])
    return tuple(select_value(entry, path) for entry in value)


def select_batch(batch: Batch, path: Path) -> Batch:
    """Both sides of a batch, seen through `path`. Confidence belongs to whole answers and is left behind."""
    if not path:
        return batch
    type_ = select_type(batch.type, path)
    gold_type = None if batch.gold_type is None else select_type(batch.gold_type, path)
    assert type_ is not None
    return Batch(
        type_,
        [select_value(answer, path) for answer in batch.answers],
        [select_value(gold, path) for gold in batch.golds],
        gold_type,
    )


def values_batch(batch: Batch, path: Path) -> Batch:
    """The answers alone, seen through `path`, for metrics that take one value per row. Their golds are None."""
    type_ = select_type(batch.type, path)
    assert type_ is not None
    return Batch(type_, [select_value(answer, path) for answer in batch.answers], [None] * len(batch))
