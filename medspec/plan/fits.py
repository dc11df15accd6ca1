"""Whether a value is of the type that a node declares for it: plans come back from files, which anybody may have written.

fits(("a", "b"), tuple[str, ...])   True
fits(1.5, Interval)                 False
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

import attrs

from medspec.types import TYPES
from medspec.types.base import Type

_HINTS: dict[type, dict[str, Any]] = {}
"""What each class declares; finding it out is slow."""


def misfit(node: Any, names: Mapping[str, type]) -> str | None:
    """The first field of `node` that holds something else than it declares; `names` are classes that hints may name."""
    cls = type(node)
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls, localns=dict(names))
    names_of_fields: list[str] = [field.name for field in attrs.fields(cls)]
    found = (name for name in names_of_fields if name in _HINTS[cls])
    return next((name for name in found if not fits(getattr(node, name), _HINTS[cls][name])), None)


def fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type `hint`. What cannot be asked of a value (protocols) is taken for any node."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and _entries_fit(value, arguments)
    if hint is Any or hint is object:
        return True
    if hint is Type:
        return isinstance(value, TYPES)
    if hint is None or hint is type(None):
        return value is None
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    asked = origin or hint
    if not isinstance(asked, type):
        return True
    return attrs.has(type(value)) if getattr(asked, "_is_protocol", False) else isinstance(value, asked)


def _entries_fit(value: tuple[Any, ...], arguments: tuple[Any, ...]) -> bool:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return all(fits(entry, arguments[0]) for entry in value)
    return len(value) == len(arguments) and all(map(fits, value, arguments))
