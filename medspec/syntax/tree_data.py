"""Syntax tree nodes of vocabulary and data: enums, records, datasets. See `tree.py` for what holds of all of them."""

from __future__ import annotations

import attrs

from medspec.syntax.tree_values import (
    BooleanValue,
    Call,
    Ident,
    NumberValue,
    Path,
    Setting,
    StringValue,
    TypeNode,
    place_field,
)
from medspec.text.source import Place


@attrs.frozen
class EnumCaseNode:
    name: Ident
    text: StringValue | None
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class EnumDecl:
    name: Ident
    cases: tuple[EnumCaseNode, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class FieldNode:
    name: Ident
    type: TypeNode
    conversion: TypeNode | None
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class RecordDecl:
    name: Ident
    fields: tuple[FieldNode, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class Columns:
    entries: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class SplitRule:
    """`split NAME where FIELD [not] in SOURCE`."""

    split: Ident
    field: Ident
    negated: bool
    source: Call
    place: Place = place_field()


@attrs.frozen
class Comparison:
    """`path op value`, with `op` one of `== != <= >= < >`."""

    path: Path
    op: str
    value: StringValue | NumberValue | BooleanValue
    place: Place = place_field()


@attrs.frozen
class SliceRule:
    """`slice NAME by PATH` (one group for each value) or `slice NAME when CONDITION` (one group)."""

    name: Ident
    by: Path | None
    when: tuple[Comparison, ...]
    place: Place = place_field()


@attrs.frozen
class Cluster:
    """`cluster by PATH`: rows with the same value are not independent."""

    by: Path
    place: Place = place_field()


@attrs.frozen
class Waive:
    """`waive CODE because "..."`."""

    code: Ident
    reason: StringValue
    place: Place = place_field()


@attrs.frozen
class DatasetDecl:
    name: Ident
    record: Path
    clauses: tuple[Setting | Columns | SplitRule | SliceRule | Cluster | Waive, ...]
    doc: tuple[str, ...]
    place: Place = place_field()
