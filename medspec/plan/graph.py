"""What declarations need of each other: dataset -> record, task -> dataset and prompt, suite -> task, and so on.

Found by looking at the checked forms: whatever declaration stands in another one is needed by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from medspec.check.spec import Declared, EnumSpec, RecordSpec, Spec

Key = tuple[str, str]
"""Kind and qualified name."""

_PHRASE = "phrase:"


@attrs.frozen
class Graph:
    """`declared` in the order of the spec; `needs` names what each declaration is made of."""

    declared: Mapping[Key, Declared]
    needs: Mapping[Key, frozenset[Key]]

    def ancestors(self, keys: Iterable[Key]) -> set[Key]:
        """Everything that `keys` are made of, and what that is made of; without `keys` themselves."""
        return _reached(keys, self.needs)

    def descendants(self, keys: Iterable[Key]) -> set[Key]:
        """Everything that is made of `keys`, and what is made of that; without `keys` themselves."""
        users: dict[Key, set[Key]] = {}
        for key, needed in self.needs.items():
            for other in needed:
                users.setdefault(other, set()).add(key)
        return _reached(keys, users)


def declarations(spec: Spec) -> Iterator[tuple[Key, Declared]]:
    """Every declaration that has a name, kind by kind."""
    for field in attrs.fields(Spec):
        entries = getattr(spec, field.name)
        if isinstance(entries, dict):
            kind = field.name.removesuffix("s")
            yield from (((kind, name), declared) for name, declared in entries.items())


def graph_of(spec: Spec) -> Graph:
    """The declarations of `spec` and what they need."""
    declared = dict(declarations(spec))
    of_type = {one.type: key for key, one in declared.items() if isinstance(one, EnumSpec | RecordSpec)}
    of_place = {(one.module, one.name): key for key, one in declared.items()}
    needs = {key: frozenset(_needed(one, of_type, of_place)) - {key} for key, one in declared.items()}
    return Graph(declared, needs)


def _needed(declared: Declared, of_type: Mapping[Any, Key], of_place: Mapping[tuple[str, str], Key]) -> Iterator[Key]:
    # The type of a record is its own; those of its fields are not.
    inside = (
        declared.type.children
        if isinstance(declared, EnumSpec | RecordSpec)
        else attrs.astuple(declared, recurse=False)
    )
    for part in _parts(inside):
        if isinstance(part, Declared):
            found = of_place.get((part.module, part.name))
        elif isinstance(part, str):
            # A prompt knows its phrases by this name.
            module, _, name = part.removeprefix(_PHRASE).rpartition(".")
            found = of_place.get((module, name)) if part.startswith(_PHRASE) else None
        else:
            found = of_type.get(part)
        if found is not None:
            yield found


def _parts(value: Any) -> Iterator[Any]:
    """All declarations, types and texts in `value`, not looking into declarations or declared types."""
    if isinstance(value, tuple | list):
        for entry in value:
            yield from _parts(entry)
    elif isinstance(value, str | Declared):
        yield value
    elif value is not None and attrs.has(type(value)):
        if getattr(value, "kind", None) in ("enum", "record"):
            yield value
        elif not hasattr(value, "offset"):
            yield from _parts(attrs.astuple(value, recurse=False))


def _reached(keys: Iterable[Key], edges: Mapping[Key, Iterable[Key]]) -> set[Key]:
    found: set[Key] = set()
    open_keys = list(keys)
    while open_keys:
        for other in edges.get(open_keys.pop(), ()):
            if other not in found:
                found.add(other)
                open_keys.append(other)
    return found
