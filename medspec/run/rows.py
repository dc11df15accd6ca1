"""From a raw row to a typed row: which column a field comes from, and what its value is.

Nothing is filled in and nothing guessed. A field whose column is absent is an error that names the columns there are,
unless its type is optional; a value that does not fit is an error that names place, field and value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from medspec.errors import DataError
from medspec.files.base import RawRow
from medspec.files.dotted import ABSENT, did_you_mean, find_gap, look_up, name_list
from medspec.files.problems import shorten
from medspec.plan.nodes import (
    Column,
    FromDocument,
    FromEach,
    FromFirst,
    FromKey,
    FromMask,
    FromNamed,
    FromPart,
    FromPath,
    FromPaths,
    FromRowNumber,
)
from medspec.run.made_columns import Masks, each, part, text_at
from medspec.run.named_entry import entry_named
from medspec.types import AbstainType, BoxType, FieldType, Misfit, OptionalType, RecordType, Type, anchors


@attrs.frozen(kw_only=True)
class _Step:
    """What loading one field needs to know, worked out once and not for every row. `anchors` are loaded before it."""

    field: FieldType
    column: Column
    optional: bool
    anchors: frozenset[str]


@attrs.frozen(kw_only=True)
class RowLoader:
    """How rows of one file become values of `record`.

    `cells` says that the file is CSV, which has no null: an empty cell of an optional field is None. `private` keeps
    values out of messages. `document` is the JSON document around the rows, where there is one; `masks` opens masks.
    """

    record: RecordType
    columns: dict[str, Column]
    cells: bool = False
    private: bool = False
    document: Any = None
    masks: Masks | None = None
    _steps: tuple[_Step, ...] = attrs.field(init=False)

    @_steps.default
    def _plan_steps(self) -> tuple[_Step, ...]:
        return tuple(
            _Step(
                field=field,
                column=self.column(field.name),
                optional=isinstance(field.type, OptionalType),
                anchors=frozenset(anchors(field.type)),
            )
            for field in self.record.load_order
        )

    def column(self, field: str) -> Column:
        """Where `field` comes from; the column of its own name where the spec does not say."""
        return self.columns.get(field, FromPath(field))

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """The dotted paths each field reads, in the order of the fields; none for keys and row numbers."""
        return {field.name: _paths(self.column(field.name)) for field in self.record.fields}

    def top_columns(self) -> frozenset[str]:
        """Every name a path could begin with: what a format with columns has to read."""
        heads: set[str] = set()
        for path in (path for paths in self.paths.values() for path in paths):
            parts = path.split(".")
            heads.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return frozenset(heads)

    def check_columns(self, name: str, columns: Iterable[str] | None, first: RawRow) -> None:
        """Raise one `DataError` naming each field whose column the whole file lacks, as its first row shows."""
        sample = first.value if columns is None else {**dict.fromkeys(columns), **first.value}
        lines: list[str] = []
        listings: dict[str, str] = {}
        for field in self.record.fields:
            if isinstance(field.type, OptionalType):
                continue
            if isinstance(self.column(field.name), FromKey) and first.key is None:
                lines.append(f"field `{field.name}` is the row's key, but the rows stand in a list and have no keys")
            if isinstance(self.column(field.name), FromFirst):
                continue  # told row by row: another row may have another of them
            for path in self.paths[field.name]:
                gap = find_gap(sample, path) if look_up(sample, path) is ABSENT else None
                # No names: a list that is shorter than the index, or a null on the way. The next row may have it.
                if gap is not None and gap.names is not None:
                    inside = f" in `{gap.parent}`" if gap.parent else ""
                    meant = did_you_mean(gap.name, gap.names)
                    if not meant and gap.name == field.name == "id":
                        meant = "; `columns { id = row_number() }` numbers the rows"
                    lines.append(f"field `{field.name}`: there is no column `{gap.name}`{inside}{meant}")
                    listings[gap.parent] = f"the columns{inside} are {name_list(gap.names)}"
        if lines:
            message = f"{name}: the columns do not fit the record `{self.record.name}`:"
            raise DataError(message, problems=[*lines, *listings.values()])

    def load(
        self,
        raw: RawRow,
        values: dict[str, Any],
        only: str | None = None,
        corrected: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[str]:
        """Load the fields of `raw` that `values` lacks (or the field `only`) into `values`; the problems, one line each.

        Fields that choose from another field are loaded after it, and left out where it is missing: the fault is told
        once, where it is. `corrected` holds what stands in fields in place of what the file says.
        """
        problems = []
        for step in self._steps:
            name = step.field.name
            if name not in values and only in (None, name) and step.anchors <= values.keys():
                problem = self._load_field(step, raw, values, corrected)
                if problem is not None:
                    problems.append(problem)
        return problems

    def _load_field(self, step: _Step, raw: RawRow, values: dict[str, Any], corrected: Mapping[str, Any]) -> str | None:
        name, optional = step.field.name, step.optional
        try:
            if name in corrected:
                found = corrected[name]
            else:
                found = _pick(step.column, raw, self.document, optional=optional)
        except Misfit as misfit:
            return f"field `{name}`{_origin(name, step.column)}: {misfit}"
        if isinstance(found, _Nothing):
            return f"field `{name}`{_origin(name, step.column)}: there is no value at `{found.path}`"
        if self.cells and optional and found == "":
            found = None
        try:
            missing = [] if found is None else sorted(anchor for anchor in step.anchors if values[anchor] is None)
            if missing:
                raise Misfit(f"the row has no `{missing[0]}`, which this refers to")
            if isinstance(step.column, FromMask) and name not in corrected:
                found = self._box_of(found, step.field.type, values)
            values[name] = step.field.type.load(found, values)
        except Misfit as misfit:
            shown = "(value not shown: the data are private)" if self.private else shorten(found)
            origin = ", as the errata correct it" if name in corrected else _origin(name, step.column)
            return f"field `{name}`{origin}: {shown}: {misfit}"
        return None

    def _box_of(self, mask: str, type_: Type, values: Mapping[str, Any]) -> tuple[int, int, int, int]:
        """The box of the mask whose path is `mask`, on the image its box is said to be on."""
        while isinstance(type_, OptionalType | AbstainType):
            type_ = type_.item
        assert isinstance(type_, BoxType) and self.masks is not None
        return self.masks(mask, values[type_.of])


def text_of(value: Any, type_: Type) -> str:
    """The text form of a typed value, as ids have it: texts as they are, all else as JSON."""
    plain = type_.to_json(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


@attrs.frozen
class _Nothing:
    """There is no value at `path`."""

    path: str


def _pick(column: Column, raw: RawRow, document: Any, *, optional: bool) -> Any:
    match column:
        case FromKey():
            return raw.key
        case FromRowNumber():
            return str(raw.number + column.first).zfill(column.width)
        case FromPath(path):
            found = look_up(raw.value, path)
            return (None if optional else _Nothing(path)) if found is ABSENT else found
        case FromDocument(path):
            found = look_up(document, path)
            return (None if optional else _Nothing(path)) if found is ABSENT else found
        case FromFirst(paths, otherwise):
            looked = (look_up(raw.value, path) for path in paths)
            found = next((entry for entry in looked if entry is not ABSENT), ABSENT if otherwise is None else otherwise)
            return (None if optional else _Nothing("` or `".join(paths))) if found is ABSENT else found
        case FromPaths(paths):
            entries = [look_up(raw.value, path) for path in paths]
            missing = [path for path, entry in zip(paths, entries, strict=True) if entry is ABSENT]
            if missing:
                return None if optional and len(missing) == len(paths) else _Nothing(missing[0])
            return entries
        case FromNamed():
            return _named(column, raw, optional=optional)
        case FromEach():
            return each(column, raw)
        case FromPart():
            return part(column, raw)
        case FromMask(mask):
            return text_at(mask, raw)


def _named(column: FromNamed, raw: RawRow, *, optional: bool) -> Any:
    entries, text = look_up(raw.value, column.entries), look_up(raw.value, column.text)
    for path, value in ((column.entries, entries), (column.text, text)):
        if value is ABSENT:
            return None if optional else _Nothing(path)
    return entry_named(entries, text, column.otherwise)


def _paths(column: Column) -> tuple[str, ...]:
    match column:
        case FromNamed(entries, text):
            return (entries, text)
        case FromPath(path) | FromEach(path) | FromMask(FromPath(path)) | FromPart(FromPath(path)):
            return (path,)
        case FromPaths(paths) | FromFirst(paths, _):
            return paths
    return ()


def _origin(field: str, column: Column) -> str:
    match column:
        case FromPath(path) if path != field:
            return f' from "{path}"'
        case FromDocument(path):
            return f' from "{path}" of the document'
        case FromKey():
            return " from the row's key"
        case FromNamed(entries, text):
            return f' from the entry of "{entries}" that "{text}" names'
        case FromEach(path):
            return f' from each of "{path}"'
        case FromMask():
            return " from a mask"
        case FromPart():
            return " from a part of a text"
    return ""
