"""The syntax tree: what an author wrote, one frozen class per grammar rule.

Every node has a `place`. Places take no part in equality, so two texts that mean the same have equal trees:

    parse("record R { id : text }") == parse("record R {\\n  id: text  # the key\\n}")
"""

from __future__ import annotations

import attrs

from medspec.syntax.tree_data import (
    Cluster as Cluster,
)
from medspec.syntax.tree_data import (
    Columns as Columns,
)
from medspec.syntax.tree_data import (
    Comparison as Comparison,
)
from medspec.syntax.tree_data import (
    DatasetDecl as DatasetDecl,
)
from medspec.syntax.tree_data import (
    EnumCaseNode as EnumCaseNode,
)
from medspec.syntax.tree_data import (
    EnumDecl as EnumDecl,
)
from medspec.syntax.tree_data import (
    FieldNode as FieldNode,
)
from medspec.syntax.tree_data import (
    RecordDecl as RecordDecl,
)
from medspec.syntax.tree_data import (
    SliceRule as SliceRule,
)
from medspec.syntax.tree_data import (
    SplitRule as SplitRule,
)
from medspec.syntax.tree_data import (
    Waive as Waive,
)
from medspec.syntax.tree_values import (
    AbstainTypeNode as AbstainTypeNode,
)
from medspec.syntax.tree_values import (
    AnchoredType as AnchoredType,
)
from medspec.syntax.tree_values import (
    Argument as Argument,
)
from medspec.syntax.tree_values import (
    BooleanValue as BooleanValue,
)
from medspec.syntax.tree_values import (
    Bounds as Bounds,
)
from medspec.syntax.tree_values import (
    Call as Call,
)
from medspec.syntax.tree_values import (
    ChoiceTypeNode as ChoiceTypeNode,
)
from medspec.syntax.tree_values import (
    Comprehension as Comprehension,
)
from medspec.syntax.tree_values import (
    GenericType as GenericType,
)
from medspec.syntax.tree_values import (
    Ident as Ident,
)
from medspec.syntax.tree_values import (
    ListTypeNode as ListTypeNode,
)
from medspec.syntax.tree_values import (
    ListValue as ListValue,
)
from medspec.syntax.tree_values import (
    NamedType as NamedType,
)
from medspec.syntax.tree_values import (
    NumberValue as NumberValue,
)
from medspec.syntax.tree_values import (
    ObjectValue as ObjectValue,
)
from medspec.syntax.tree_values import (
    OptionalTypeNode as OptionalTypeNode,
)
from medspec.syntax.tree_values import (
    Path as Path,
)
from medspec.syntax.tree_values import (
    RankingTypeNode as RankingTypeNode,
)
from medspec.syntax.tree_values import (
    RefinedType as RefinedType,
)
from medspec.syntax.tree_values import (
    Setting as Setting,
)
from medspec.syntax.tree_values import (
    StringValue as StringValue,
)
from medspec.syntax.tree_values import (
    TextValue as TextValue,
)
from medspec.syntax.tree_values import (
    TypeNode as TypeNode,
)
from medspec.syntax.tree_values import (
    Value as Value,
)
from medspec.syntax.tree_values import place_field
from medspec.text.source import Place, Source


@attrs.frozen
class Edition:
    """`doc` stands above it, at the head of the file: it is about the module."""

    doc: tuple[str, ...]
    year: NumberValue
    place: Place = place_field()


@attrs.frozen
class ImportModule:
    path: Path
    alias: Ident | None
    place: Place = place_field()


@attrs.frozen
class ImportNames:
    path: Path
    names: tuple[Ident, ...]
    place: Place = place_field()


@attrs.frozen
class Param:
    name: Ident
    type: TypeNode
    default: Value | None
    place: Place = place_field()


@attrs.frozen
class Params:
    entries: tuple[Param, ...]
    place: Place = place_field()


@attrs.frozen
class TextFile:
    """`from json("path", key: "...") { sha256 = "..." }`: a text that stands in a data file."""

    source: Call
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class Turn:
    role: Ident
    text: TextValue | StringValue | TextFile
    place: Place = place_field()


@attrs.frozen
class PhraseDecl:
    """A named text for use in prompts."""

    name: Ident
    text: TextValue | StringValue | TextFile
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class PromptDecl:
    name: Ident
    params: Params
    turns: tuple[Turn, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class ModelDecl:
    """A model that is part of the measure, such as a judge's."""

    name: Ident
    settings: tuple[Setting, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class DialectDecl:
    """What a family of models expects: box frames, wording, how its replies are cleaned."""

    name: Ident
    settings: tuple[Setting, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class Calibrate:
    """`calibrate on ROWS { ... }`: how well a judge must agree with people."""

    rows: Call
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class JudgeDecl:
    name: Ident
    params: Params
    verdict: TypeNode
    clauses: tuple[Setting | Calibrate, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class PanelDecl:
    name: Ident
    settings: tuple[Setting, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class Answer:
    type: TypeNode
    reader: Call | None
    place: Place = place_field()


@attrs.frozen
class Shots:
    """`shots COUNT from ROWS { ... }`."""

    count: Value
    rows: Call
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class Reference:
    """Published figures of somebody's model: `reference "NAME" { metric = 0.5 }`."""

    name: StringValue
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class DecodeBlock:
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class MetricNode:
    metric: Call
    primary: Place | None = attrs.field(eq=False)
    label: Ident | None
    is_primary: bool
    place: Place = place_field()
    on: Path | None = None


@attrs.frozen
class Metrics:
    entries: tuple[MetricNode, ...]
    place: Place = place_field()


TaskClause = Setting | Answer | Shots | DecodeBlock | Metrics | Reference | Waive


@attrs.frozen
class Override:
    clause: TaskClause
    place: Place = place_field()


@attrs.frozen
class TaskDecl:
    """With `base`, a task made from another, where `clauses` are what it adds; with `params`, a template."""

    name: Ident
    version: NumberValue | None
    params: Params | None
    base: Call | None
    clauses: tuple[TaskClause, ...]
    overrides: tuple[Override, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class MemberNode:
    task: Path
    weight: NumberValue | None
    place: Place = place_field()


@attrs.frozen
class Members:
    entries: tuple[MemberNode, ...]
    place: Place = place_field()


@attrs.frozen
class AggregateNode:
    name: Ident
    method: Call
    over: ListValue | None
    place: Place = place_field()


@attrs.frozen
class SliceReport:
    """`report slices [a, b] { min_n = 30 }`."""

    slices: ListValue
    settings: tuple[Setting, ...]
    place: Place = place_field()


@attrs.frozen
class SuiteDecl:
    name: Ident
    version: NumberValue | None
    clauses: tuple[Setting | Members | AggregateNode | SliceReport | Reference | Waive, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


@attrs.frozen
class ExampleDecl:
    task: Path
    title: StringValue
    settings: tuple[Setting, ...]
    doc: tuple[str, ...]
    place: Place = place_field()


Declaration = (
    EnumDecl
    | RecordDecl
    | DatasetDecl
    | PhraseDecl
    | PromptDecl
    | ModelDecl
    | DialectDecl
    | JudgeDecl
    | PanelDecl
    | TaskDecl
    | SuiteDecl
    | ExampleDecl
)


@attrs.frozen
class ModuleTree:
    """One file. `broken` are the words of the parts that could not be parsed: what they declare has no known meaning.

    `may_declare_more`: one of these parts declares or imports something whose name cannot be told.
    """

    source: Source = attrs.field(eq=False, repr=False)
    edition: Edition | None
    imports: tuple[ImportModule | ImportNames, ...]
    declarations: tuple[Declaration, ...]
    broken: frozenset[str] = frozenset()
    may_declare_more: bool = False

    @property
    def doc(self) -> tuple[str, ...]:
        """The doc comment at the head of the file."""
        return () if self.edition is None else self.edition.doc

    def may_declare(self, name: str) -> bool:
        """Whether `name` may stand for something in a part that could not be parsed: then it is not missing."""
        return self.may_declare_more or name in self.broken
