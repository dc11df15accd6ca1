"""The plan: what will be read, sent, read back and scored, as frozen values in a fixed order.

    Scan     rows of one split of one dataset, as typed records
    Render   the turns of a prompt for each row
    Call     one use of the model for each row: text, or the likelihood of each option
    Wave     calls that are asked together, and in which order
    Read     a typed answer, or `Unread`, from each reply
    Score    one metric over all rows of a task
    TaskPlan the five of them under a task's name
    Suite    which tasks, how they are aggregated, which interval

A plan knows nothing of files other than the paths data are read from, and nothing of models: the model under test is the
one hole, filled when it is run. `to_json` and `from_json` (in `plan/form.py`) keep every bit of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Decode
from medspec.plan.columns import Column as Column
from medspec.plan.columns import FromDocument as FromDocument
from medspec.plan.columns import FromEach as FromEach
from medspec.plan.columns import FromFirst as FromFirst
from medspec.plan.columns import FromKey as FromKey
from medspec.plan.columns import FromMask as FromMask
from medspec.plan.columns import FromNamed as FromNamed
from medspec.plan.columns import FromPart as FromPart
from medspec.plan.columns import FromPath as FromPath
from medspec.plan.columns import FromPaths as FromPaths
from medspec.plan.columns import FromRowNumber as FromRowNumber
from medspec.plan.run_nodes import Interval as Interval
from medspec.plan.run_nodes import Wave
from medspec.syntax.template import Piece
from medspec.types import RecordType, Type

if TYPE_CHECKING:
    from medspec.plan.errata import Errata
    from medspec.plan.judge_nodes import Calibration, Dialect, VerdictValue

FORMAT = 1
"""The number of the plan's file format."""


@attrs.frozen(kw_only=True)
class FileSource:
    """A data file. `format` is a name of the catalogue of formats; `path` is relative to a data root.

    `at` is the dotted path inside a JSON document (None: the document itself); an object found there is read as one row
    per key. `names` are the column names of a CSV file without a header line. `delimiter` is one character. `skip` lines
    at the head of a CSV file are passed over. The lines of a CSV file that agree in the columns `group` are one row.
    `value` names the one column of a JSON document whose rows are plain values, `each` that of one whose rows are the
    entries of lists.
    """

    format: str
    path: str
    at: str | None = None
    names: tuple[str, ...] | None = None
    delimiter: str = ","
    skip: int = attrs.field(default=0, metadata={"sparse": True})
    group: tuple[str, ...] = attrs.field(default=(), metadata={"sparse": True})
    value: str | None = attrs.field(default=None, metadata={"sparse": True})
    each: str | None = attrs.field(default=None, metadata={"sparse": True})


@attrs.frozen(kw_only=True)
class Keep:
    """Keeps the rows whose `field` is (or, negated, is not) among the ids in `ids`: a JSON list, an object's keys, or
    the first column of a CSV file."""

    field: str
    ids: FileSource
    negate: bool = False


@attrs.frozen(kw_only=True)
class Part:
    """A part of a split that is chosen by id, whatever the order of the file: `count` rows, or all but these.

    The rows chosen are those with the smallest sha256 of seed and id.
    """

    count: int
    seed: int
    held: bool
    """True for the `count` rows, False for the rest."""


@attrs.frozen(kw_only=True)
class TextFile:
    """A text that belongs to somebody else: at `key` (dotted) of the JSON file `path`, pinned by its sha256.

    Where nobody could compute the sha256, `revision` names the state of its source instead. `after` and `before` are marks
    between which the text stands, where a file holds several in one.
    `placeholders` is how it marks its holes: `none`, `braces` {x}, `double_braces` {{x}} or `dollar` ${x}; `names` are
    (parameter, placeholder) pairs where these differ. Key None: the whole file is the text.
    """

    path: str
    key: str | None
    sha256: str | None
    placeholders: str = "none"
    names: tuple[tuple[str, str], ...] = ()
    revision: str | None = None
    after: str | None = None
    before: str | None = None
    folder: str = attrs.field(default="", metadata={"hash": False})


@attrs.frozen(kw_only=True)
class Condition:
    """`path op value` for one row; `path` may end in `.words` or `.length` of a text."""

    path: str
    op: str
    value: str | int | float | bool


@attrs.frozen(kw_only=True)
class SliceRule:
    """Groups of rows: one for each value at the path `by`, or those for which all of `when` holds."""

    name: str
    by: str | None = None
    when: tuple[Condition, ...] = ()


@attrs.frozen(kw_only=True)
class Scan:
    """Rows of one split. `folder` is the spec's own folder, the last place where `source.path` is looked for."""

    id: str
    dataset: str
    subset: str | None
    split: str
    source: FileSource
    record: RecordType
    columns: tuple[tuple[str, Column], ...]
    id_field: str | None
    """The field that identifies a row in reports; None: the row number."""
    keep: tuple[Keep, ...] = ()
    license: str | None = None
    fetch: str | None = attrs.field(default=None, metadata={"hash": False})
    """Where a person gets the files, in words."""
    private: bool = False
    part: Part | None = None
    errata: Errata | None = None
    slices: tuple[SliceRule, ...] = ()
    """The groups that are reported."""
    cluster: str | None = None
    """The path of the value that rows share which are not independent; None: all rows are."""
    folder: str = attrs.field(default="", metadata={"hash": False})


@attrs.frozen
class FieldRef:
    """A prompt parameter that is a field of the row."""

    field: str


@attrs.frozen
class Constant:
    """A prompt parameter whose value is known at compile time."""

    value: Any


@attrs.frozen
class ShotRows:
    """A prompt parameter that holds the rows picked as shots, gold included."""


Binding = FieldRef | Constant | TextFile | ShotRows


@attrs.frozen
class TurnPlan:
    """A turn is its `pieces`, or the text of `file`, which is read and checked when data are."""

    role: str
    pieces: tuple[Piece, ...]
    file: TextFile | None = None


@attrs.frozen(kw_only=True)
class ReaderUse:
    """A reader with its settings (all of them, defaults filled in) and the type it produces."""

    name: str
    settings: tuple[tuple[str, Any], ...]
    answer: Type
    version: int


@attrs.frozen(kw_only=True)
class Shots:
    """Few-shot examples: `count` rows of `scan`, picked once for the task, so that all prompts share their beginning.

    `pick` is `first` (in file order), `seeded` (smallest sha256 of seed and id) or `ids` (these, in this order).
    `distinct_by` is a field of which no two shots share a value. Unless a parameter of the prompt takes them, each shot is
    the prompt's own turns for that row (without system turns), answered by what `reader` writes for `gold`.
    """

    scan: str
    count: int
    pick: str
    seed: int
    ids: tuple[str, ...]
    distinct_by: str | None
    gold: str
    reader: ReaderUse


@attrs.frozen(kw_only=True)
class Render:
    """Turns of a prompt; names in the pieces are looked up in `bindings`."""

    id: str
    scan: str
    prompt: str
    turns: tuple[TurnPlan, ...]
    bindings: tuple[tuple[str, Binding], ...]
    shots: Shots | None = None
    dialect: Dialect | None = attrs.field(default=None, metadata={"sparse": True})
    """What the model's family wants of it; see `plan/speak.py`."""


@attrs.frozen(kw_only=True)
class Call:
    """One use of the model per row. With `options` the reader's continuations are scored, else text is generated."""

    id: str
    render: str
    decode: Decode
    options: ReaderUse | None = None
    repeats: int = 1
    """How many replies are drawn for each row; more than one only where text is sampled."""


@attrs.frozen(kw_only=True)
class Read:
    id: str
    call: str
    reader: ReaderUse
    unread: str = "worst"
    """`worst`: an unread row counts as wrong; `skip`: it leaves the denominator."""
    dialect: Dialect | None = attrs.field(default=None, metadata={"sparse": True})


@attrs.frozen
class AnswerValue:
    """What a metric such as `mean` takes of each row: the answer, or the field of it that `path` names."""

    path: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Score:
    """One metric. `label` is its name in reports.

    It compares answer and gold, seen through the field `on` of both (empty: the whole of them), or takes one `value` of
    each row. `low`, `high` (None: open) and `higher_is_better` say what it yields. `fields` are settings that differ from row
    to row: (setting, field of the row that holds it).
    """

    label: str
    metric: str
    settings: tuple[tuple[str, Any], ...]
    version: int
    primary: bool
    on: tuple[str, ...] = ()
    value: AnswerValue | VerdictValue | None = None
    low: float | None = None
    high: float | None = None
    higher_is_better: bool = True
    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), metadata={"sparse": True})


@attrs.frozen(kw_only=True)
class Reference:
    """Published figures of somebody's model: (label, value) pairs, and where they stand."""

    name: str
    figures: tuple[tuple[str, float], ...]
    source: str


@attrs.frozen(kw_only=True)
class TaskPlan:
    """A task: which nodes it uses, where its gold is, and the two hashes that say what it measures."""

    name: str
    version: int | None
    scan: str
    render: str
    call: str
    read: str
    gold: str
    scores: tuple[Score, ...]
    waivers: tuple[tuple[str, str], ...] = ()
    """Code and reason of each rule that is broken on purpose; in no hash, and in every report."""
    references: tuple[Reference, ...] = ()
    calibrations: tuple[Calibration, ...] = ()
    """One for each of its judges that must agree with people."""
    call_hash: str = ""
    score_hash: str = ""
    interval: Interval | None = None
    """That of its suite, where the plan holds several; None: that of the plan."""


@attrs.frozen
class Member:
    task: str
    weight: float = 1.0


@attrs.frozen(kw_only=True)
class Aggregate:
    """One number over several scores. `method` is `mean`, `weighted_mean`, `micro` (weighted by rows) or `worst`.

    `tasks` are names of tasks, or of aggregates that stand before this one; `weights` has one entry for each. `metric` is
    the label whose values are taken, None for the primary one. With `rescale` = `chance` a score s becomes
    (s - c) / (h - c), with h its highest value and c what guessing gets: an accuracy, or the lowest value where there is
    nothing to guess from.
    """

    name: str
    method: str
    tasks: tuple[str, ...]
    weights: tuple[float, ...] = ()
    metric: str | None = None
    rescale: str = "none"
    higher_is_better: bool = True
    interval: Interval | None = None
    """That of its suite, where the plan holds several; None: that of the plan."""


@attrs.frozen(kw_only=True)
class Plan:
    """A compiled suite. Nodes are in the order in which they run; ids are `s1`, `r1`, `c1`, `a1`, ..."""

    format: int = FORMAT
    suite: str
    version: int | None
    scans: tuple[Scan, ...]
    renders: tuple[Render, ...]
    calls: tuple[Call, ...]
    reads: tuple[Read, ...]
    tasks: tuple[TaskPlan, ...]
    members: tuple[Member, ...]
    aggregates: tuple[Aggregate, ...] = ()
    interval: Interval = Interval()
    slice_rows: int = 1
    """Groups with fewer rows are not shown."""
    references: tuple[Reference, ...] = ()
    title: str = ""
    """One line from the suite's doc comment."""
    waves: tuple[Wave, ...] = ()
    """The order of asking, every call in one wave; empty: one call after the other."""
    dialect: Dialect | None = attrs.field(default=None, metadata={"sparse": True})
    """The one it was made for."""

    def scan(self, id: str) -> Scan:
        return next(node for node in self.scans if node.id == id)

    def render(self, id: str) -> Render:
        return next(node for node in self.renders if node.id == id)

    def call(self, id: str) -> Call:
        return next(node for node in self.calls if node.id == id)

    def read(self, id: str) -> Read:
        return next(node for node in self.reads if node.id == id)

    def interval_of(self, entry: TaskPlan | Aggregate) -> Interval:
        """The interval in which the scores of a task, or an aggregate, are shown."""
        return self.interval if entry.interval is None else entry.interval

    def task(self, name: str) -> TaskPlan:
        return next(task for task in self.tasks if task.name == name)
