"""The syntax tree: what an author wrote, one frozen class per grammar rule.

Every node has a `place`. Places take no part in equality, so two texts that mean the same have equal trees:

    parse("record R { id : text }") == parse("record R {\\n  id: text  # the key\\n}")
"""

from __future__ import annotations

from typing import Any

import attrs

from medspec.text.source import Place, Source


def _place() -> Any:
    return attrs.field(eq=False, repr=False)


@attrs.frozen
class Ident:
    """One name as it stands in the text."""

    name: str
    place: Place = _place()


@attrs.frozen
class Path:
    """Names joined by dots."""

    parts: tuple[Ident, ...]
    place: Place = _place()

    @property
    def dotted(self) -> str:
        return ".".join(part.name for part in self.parts)


# Values


@attrs.frozen
class StringValue:
    text: str
    place: Place = _place()


@attrs.frozen
class NumberValue:
    """`written` is the number as it stands in the text, so `1.10` stays `1.10`."""

    written: str
    place: Place = _place()

    @property
    def number(self) -> int | float:
        return int(self.written) if self.written.lstrip("-").isdigit() else float(self.written)


@attrs.frozen
class BooleanValue:
    value: bool
    place: Place = _place()


@attrs.frozen
class TextValue:
    '''A text in `"""`. `raw` is what stands between the quotes, `start` its offset in the source.'''

    raw: str
    start: int = attrs.field(eq=False)
    place: Place = _place()


@attrs.frozen
class ListValue:
    entries: tuple[Value, ...]
    place: Place = _place()


@attrs.frozen
class ObjectValue:
    entries: tuple[Setting, ...]
    place: Place = _place()


@attrs.frozen
class Argument:
    name: Ident | None
    value: Value | TypeNode
    place: Place = _place()


@attrs.frozen
class Call:
    """A name with arguments, or (`arguments` is None) a plain reference."""

    path: Path
    arguments: tuple[Argument, ...] | None
    place: Place = _place()


Value = StringValue | NumberValue | BooleanValue | TextValue | ListValue | ObjectValue | Call


@attrs.frozen
class Setting:
    key: Ident
    value: Value
    place: Place = _place()


# Types


@attrs.frozen
class Bounds:
    low: NumberValue
    high: NumberValue
    place: Place = _place()


@attrs.frozen
class NamedType:
    path: Path
    place: Place = _place()


@attrs.frozen
class RefinedType:
    name: Ident
    arguments: tuple[Argument | Bounds, ...]
    place: Place = _place()


@attrs.frozen
class OptionalTypeNode:
    item: TypeNode
    place: Place = _place()


@attrs.frozen
class ListTypeNode:
    item: TypeNode
    bounds: Bounds | None
    place: Place = _place()


@attrs.frozen
class ChoiceTypeNode:
    of: Ident
    place: Place = _place()


@attrs.frozen
class RankingTypeNode:
    of: Ident
    place: Place = _place()


@attrs.frozen
class AnchoredType:
    item: TypeNode
    field: Ident
    place: Place = _place()


@attrs.frozen
class GenericType:
    name: Ident
    item: TypeNode
    place: Place = _place()


TypeNode = (
    NamedType
    | RefinedType
    | OptionalTypeNode
    | ListTypeNode
    | ChoiceTypeNode
    | RankingTypeNode
    | AnchoredType
    | GenericType
)


# Declarations


@attrs.frozen
class Edition:
    year: NumberValue
    place: Place = _place()


@attrs.frozen
class ImportModule:
    path: Path
    alias: Ident | None
    place: Place = _place()


@attrs.frozen
class ImportNames:
    path: Path
    names: tuple[Ident, ...]
    place: Place = _place()


@attrs.frozen
class EnumCaseNode:
    name: Ident
    text: StringValue | None
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class EnumDecl:
    name: Ident
    cases: tuple[EnumCaseNode, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class FieldNode:
    name: Ident
    type: TypeNode
    conversion: TypeNode | None
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class RecordDecl:
    name: Ident
    fields: tuple[FieldNode, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class Columns:
    entries: tuple[Setting, ...]
    place: Place = _place()


@attrs.frozen
class SplitRule:
    """`split NAME where FIELD [not] in SOURCE`."""

    split: Ident
    field: Ident
    negated: bool
    source: Call
    place: Place = _place()


@attrs.frozen
class DatasetDecl:
    name: Ident
    record: Path
    clauses: tuple[Setting | Columns | SplitRule, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class Param:
    name: Ident
    type: TypeNode
    default: Value | None
    place: Place = _place()


@attrs.frozen
class Params:
    entries: tuple[Param, ...]
    place: Place = _place()


@attrs.frozen
class Turn:
    role: Ident
    text: TextValue | StringValue
    place: Place = _place()


@attrs.frozen
class PromptDecl:
    name: Ident
    params: Params
    turns: tuple[Turn, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class Answer:
    type: TypeNode
    reader: Call | None
    place: Place = _place()


@attrs.frozen
class DecodeBlock:
    settings: tuple[Setting, ...]
    place: Place = _place()


@attrs.frozen
class MetricNode:
    metric: Call
    primary: Place | None = attrs.field(eq=False)
    label: Ident | None
    is_primary: bool
    place: Place = _place()


@attrs.frozen
class Metrics:
    entries: tuple[MetricNode, ...]
    place: Place = _place()


TaskClause = Setting | Answer | DecodeBlock | Metrics


@attrs.frozen
class Override:
    clause: TaskClause
    place: Place = _place()


@attrs.frozen
class TaskDecl:
    """With `base`, a task made from another (`clauses` are then its overrides); with `params`, a template."""

    name: Ident
    version: NumberValue | None
    params: Params | None
    base: Call | None
    clauses: tuple[TaskClause, ...]
    overrides: tuple[Override, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class MemberNode:
    task: Path
    weight: NumberValue | None
    place: Place = _place()


@attrs.frozen
class Members:
    entries: tuple[MemberNode, ...]
    place: Place = _place()


@attrs.frozen
class AggregateNode:
    name: Ident
    method: Call
    over: ListValue | None
    place: Place = _place()


@attrs.frozen
class SuiteDecl:
    name: Ident
    version: NumberValue | None
    clauses: tuple[Setting | Members | AggregateNode, ...]
    doc: tuple[str, ...]
    place: Place = _place()


@attrs.frozen
class ExampleDecl:
    task: Path
    title: StringValue
    settings: tuple[Setting, ...]
    doc: tuple[str, ...]
    place: Place = _place()


Declaration = EnumDecl | RecordDecl | DatasetDecl | PromptDecl | TaskDecl | SuiteDecl | ExampleDecl


@attrs.frozen
class ModuleTree:
    """One file. `broken` are the names of declarations that could not be parsed: they exist, their meaning is unknown."""

    source: Source = attrs.field(eq=False, repr=False)
    edition: Edition | None
    imports: tuple[ImportModule | ImportNames, ...]
    declarations: tuple[Declaration, ...]
    broken: frozenset[str] = frozenset()
