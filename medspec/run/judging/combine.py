"""Several verdicts made one.

    mean         numbers and yes-or-no are averaged (yes is 1); everything else is what most say
    majority     every field is what more than half say
    unanimous    every field is what all say

Texts, such as a reason, are not compared: the first one stands. There is no verdict where a field has none.

    >>> from medspec.types import BooleanType, FieldType, RecordType, ScoreType, TextType
    >>> verdict = RecordType("V", (FieldType("ok", BooleanType()), FieldType("why", TextType())))
    >>> said = [{"ok": True, "why": "a"}, {"ok": True, "why": "b"}, {"ok": False, "why": "c"}]
    >>> combine(said, verdict, "majority")
    {'ok': True, 'why': 'a'}
    >>> combine(said, verdict, "unanimous") is None
    True
    >>> combine([1, 2], ScoreType(0, 4), "mean")
    1.5
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from medspec.metrics.batch import hashable
from medspec.types import OptionalType, RecordType, Type

_NUMBERS = ("score", "bool", "int", "float")


_NOTHING = object()


def combine(verdicts: Sequence[Any], type_: Type, how: str) -> Any:
    """The one verdict of several of `type_`, at least one; None where they have none in common."""
    found = _combined(verdicts, type_, how)
    return None if found is _NOTHING else found


def _combined(verdicts: Sequence[Any], type_: Type, how: str) -> Any:
    inner = type_.item if isinstance(type_, OptionalType) else type_
    said = [verdict for verdict in verdicts if verdict is not None]
    if isinstance(inner, RecordType) and len(said) == len(verdicts):
        fields = {f.name: _combined([verdict[f.name] for verdict in verdicts], f.type, how) for f in inner.fields}
        return _NOTHING if _NOTHING in fields.values() else fields
    if inner.kind == "text":
        return said[0] if said else None
    if how == "mean" and inner.kind in _NUMBERS:
        if len(set(said)) <= 1:
            return said[0] if said else None
        return math.fsum(map(float, said)) / len(said)
    return _most(verdicts, len(verdicts) if how == "unanimous" else len(verdicts) // 2 + 1)


def _most(verdicts: Sequence[Any], least: int) -> Any:
    """What at least `least` of the verdicts are, or `_NOTHING`."""
    counted = Counter(map(hashable, verdicts))
    (found, count), *_ = counted.most_common(1)
    return next(verdict for verdict in verdicts if hashable(verdict) == found) if count >= least else _NOTHING
