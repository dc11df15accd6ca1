"""The checked form of a spec: what every declaration means, with all names resolved and all types known.

One frozen class per kind of declaration. `module` and `name` identify a declaration; `place` is where its name stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Decode
from medspec.plan.errata import Errata
from medspec.plan.nodes import (
    Aggregate,
    Binding,
    Column,
    Constant,
    FileSource,
    Interval,
    Keep,
    Part,
    ReaderUse,
    Reference,
    Score,
    SliceRule,
    TextFile,
    TurnPlan,
)
from medspec.text.source import Place
from medspec.types import EnumType, RecordType, Type

if TYPE_CHECKING:
    from medspec.check.judge_specs import DialectSpec, JudgeSpec, ModelSpec, PanelSpec


@attrs.frozen(kw_only=True)
class Declared:
    """What all declarations have. `doc` holds the lines of the doc comment above it."""

    name: str
    module: str
    place: Place = attrs.field(eq=False, repr=False)
    doc: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        return f"{self.module}.{self.name}"


@attrs.frozen(kw_only=True)
class EnumSpec(Declared):
    type: EnumType


@attrs.frozen(kw_only=True)
class RecordSpec(Declared):
    type: RecordType
    field_places: tuple[tuple[str, Place], ...] = attrs.field(eq=False, repr=False)

    def place_of(self, field: str) -> Place:
        return dict(self.field_places).get(field, self.place)


@attrs.frozen(kw_only=True)
class DatasetSpec(Declared):
    """`source.path` may still hold `{split}` and `{subset}`. `keeps` are per split. `columns` cover all mapped fields."""

    record: RecordSpec
    source: FileSource
    splits: tuple[str, ...]
    subsets: tuple[str, ...]
    columns: tuple[tuple[str, Column], ...]
    keeps: tuple[tuple[str, Keep], ...]
    id_field: str | None
    license: str | None
    fetch: str | None = None
    """Where a person gets the files, in words: shown where they are missing."""
    private: bool
    slices: tuple[SliceRule, ...] = ()
    errata: Errata | None = None
    """Corrections of rows."""
    cluster: str | None = None
    """The path of what rows share that are not independent."""


@attrs.frozen(kw_only=True)
class PhraseSpec(Declared):
    """A named text: known now, or in a file."""

    value: Constant | TextFile


@attrs.frozen(kw_only=True)
class ParameterSpec:
    name: str
    type: Type
    default: Any
    has_default: bool
    place: Place = attrs.field(eq=False, repr=False)


@attrs.frozen(kw_only=True)
class PromptSpec(Declared):
    parameters: tuple[ParameterSpec, ...]
    turns: tuple[TurnPlan, ...]
    uses_answer_format: bool
    phrases: tuple[tuple[str, Constant | TextFile], ...] = ()
    """The phrases its texts mention, by the name they have in the pieces."""
    doubtful: frozenset[str] = frozenset()
    """Parameters that are in no text while a text names something that does not exist: they may be what is meant."""


@attrs.frozen
class RowsRef:
    """Rows of one split. In a template that is not filled in, `dataset` is None and only the record is known."""

    dataset: DatasetSpec | None
    subset: str | None
    split: str
    record: RecordSpec | None
    part: Part | None = None


@attrs.frozen(kw_only=True)
class ShotsSpec:
    """The checked `shots` clause; see `medspec.plan.nodes.Shots`."""

    rows: RowsRef
    count: int
    pick: str
    seed: int
    ids: tuple[str, ...]
    distinct_by: str | None


@attrs.frozen(kw_only=True)
class TaskSpec(Declared):
    """A task ready to be planned."""

    version: int | None
    rows: RowsRef
    prompt: PromptSpec
    bindings: tuple[tuple[str, Binding], ...]
    reader: ReaderUse
    gold: str
    decode: Decode
    scores: tuple[Score, ...]
    unread: str
    repeats: int = 1
    decode_said: tuple[str, ...] = ()
    """The decode settings that the task states itself: a dialect leaves them alone."""
    tags: tuple[str, ...] = ()
    """Words to select it by; they mean nothing else."""
    shots: ShotsSpec | None = None
    references: tuple[Reference, ...] = ()
    waivers: tuple[tuple[str, str], ...] = ()
    """Code and reason of each rule that is broken on purpose."""
    judges: tuple[JudgeSpec | PanelSpec, ...] = ()
    """Whom its metrics ask, each once."""
    answer_place: Place = attrs.field(eq=False, repr=False)


@attrs.frozen(kw_only=True)
class TemplateSpec(Declared):
    """A task with parameters. `parameters` are (name, type as written)."""

    parameters: tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class SuiteSpec(Declared):
    version: int | None
    members: tuple[tuple[TaskSpec, float], ...]
    """All tasks, those of suites inside it too, each with its weight."""
    aggregates: tuple[Aggregate, ...]
    interval: Interval
    slices: tuple[str, ...] = ()
    """Names of the slices that are reported."""
    slice_rows: int = 1
    references: tuple[Reference, ...] = ()
    tags: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ExampleSpec(Declared):
    """A test of the spec: one row, one canned reply, what must come of it.

    `row` holds typed values; `reply` is a text, or the option scores of a likelihood reader. `answer` is the expected
    answer or an `Unread`; `expects_answer` is False when the example says nothing about it.
    """

    task: TaskSpec
    row: dict[str, Any] = attrs.field(hash=False)
    reply: str | tuple[float, ...]
    expects_answer: bool
    answer: Any
    scores: tuple[tuple[str, float], ...]


@attrs.frozen(kw_only=True)
class Spec:
    """Everything the checked modules declare, by qualified name, in the order of modules and text."""

    modules: tuple[str, ...]
    enums: dict[str, EnumSpec]
    records: dict[str, RecordSpec]
    datasets: dict[str, DatasetSpec]
    prompts: dict[str, PromptSpec]
    tasks: dict[str, TaskSpec]
    templates: dict[str, TemplateSpec]
    suites: dict[str, SuiteSpec]
    examples: tuple[ExampleSpec, ...]
    phrases: dict[str, PhraseSpec] = attrs.field(factory=dict)
    models: dict[str, ModelSpec] = attrs.field(factory=dict)
    dialects: dict[str, DialectSpec] = attrs.field(factory=dict)
    judges: dict[str, JudgeSpec] = attrs.field(factory=dict)
    panels: dict[str, PanelSpec] = attrs.field(factory=dict)

    def find_suite(self, name: str) -> SuiteSpec | None:
        """The suite with this short or qualified name; None when there is none, or several."""
        found: SuiteSpec | None = _find(self.suites, name)
        return found

    def find_task(self, name: str) -> TaskSpec | None:
        """The task with this short or qualified name; None when there is none, or several."""
        found: TaskSpec | None = _find(self.tasks, name)
        return found


def _find(entries: dict[str, Any], name: str) -> Any:
    if name in entries:
        return entries[name]
    found = [entry for entry in entries.values() if entry.name == name]
    return found[0] if len(found) == 1 else None
