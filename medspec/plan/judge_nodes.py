"""Nodes of a plan about other models than the one under test: models, dialects, judges, panels, and what is asked of them.

A `VerdictValue` stands in a score where an `AnswerValue` may stand: one value per row, which a judge gives. It holds all
that can change the number, so that two plans with equal judges have equal hashes, whatever the judges are called.
"""

from __future__ import annotations

from typing import Any

import attrs

from medspec.backends.base import Decode
from medspec.plan.nodes import AnswerValue, Constant, ReaderUse, TextFile, TurnPlan
from medspec.text.web_address import is_loopback
from medspec.types import Type

LOCAL_SCHEMES = ("onnx", "builtin", "genai")
"""Models that run where medspec runs, or next to it."""


def _name() -> Any:
    """A field that says what its author called something: in no hash."""
    return attrs.field(metadata={"hash": False})


@attrs.frozen(kw_only=True)
class BoxForm:
    """How a model writes boxes, or is shown them.

    `order` is an order of `box(...)`, or `yxyx` (top, left, bottom, right); `frame` is `pixel`, `unit` or `mille`. With
    `resized`, pixels are those of the image after its sides were brought to the nearest multiples of so many pixels, and
    the whole image to between `min_pixels` and `max_pixels` pixels (None: no such limit).
    """

    order: str
    frame: str
    resized: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None


@attrs.frozen(kw_only=True)
class Dialect:
    """What a family of models expects, and how its replies are cleaned. None: as it would be without a dialect.

    `boxes` is how the model writes boxes, `boxes_in` how it is shown them (None with `hide_boxes`: not at all), in the
    form `box_text`, whose holes are the names of the four numbers, with `decimals` digits. `image` is the placeholder of
    one image (`{n}` is its number from 1), `images` where they stand: `inline`, where the prompt has them, or `first`.
    `suffix` ends the last user turn as it is. `replace` are pairs of texts: each first one in a prompt becomes the second.
    Of a reply, what stands before the last `strip_before` is dropped, and the mark itself; `box_style` is the style in
    which the reader `boxes` reads it. `temperature`, `max_tokens` and `stop` hold where neither task nor judge says
    otherwise.
    """

    name: str = _name()
    boxes: BoxForm | None = None
    boxes_in: BoxForm | None = None
    hide_boxes: bool = False
    box_text: str | None = None
    decimals: int | None = None
    image: str | None = None
    images: str = "inline"
    suffix: str = ""
    strip_before: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] | None = None
    replace: tuple[tuple[str, str], ...] = attrs.field(default=(), metadata={"sparse": True})
    box_style: str | None = attrs.field(default=None, metadata={"sparse": True})


@attrs.frozen(kw_only=True)
class Model:
    """A model that is part of the measure. `scheme` and `place` are its artifact: `onnx("dir")`, `openai("name", url: ...)`.

    `context` counts tokens. `family` is for readers of a report: judges of one family tend to share their mistakes.
    """

    name: str = _name()
    scheme: str
    place: str
    url: str | None = None
    context: int | None = None
    revision: str | None = None
    family: str | None = attrs.field(default=None, metadata={"hash": False})
    dialect: Dialect | None = None

    @property
    def remote(self) -> bool:
        """Whether what it is asked leaves this machine."""
        return self.scheme not in LOCAL_SCHEMES and not is_loopback(self.url or "")


@attrs.frozen
class JudgeParameter:
    """A parameter of the judge's prompt that is filled by the judge's own parameter `name`."""

    name: str


@attrs.frozen(kw_only=True)
class Judge:
    """A typed function with a pinned model: `parameters` in, a verdict of the type `reader.answer` out.

    A row gets `repeats` replies. A malformed one is asked for again up to `retries` times. If at least `quorum` verdicts
    are left, they become one by `combine`: with `mean`, numbers and yes-or-no (1 and 0) are averaged and everything else
    is what most say; with `majority`, every field is what most say; with `unanimous`, all must say the same. Else, and
    where most say no one thing, the row is `on_malformed`: `unscored` (it leaves the denominator, and is counted), or
    `worst` (the worst value of the metric).

    With `swap`, two sides of a pair, it is asked in both orders each time: a side wins where both say so, else it is a tie
    (the case `tie`), or no verdict where the type has no such case. With `fence`, what the candidate wrote stands between
    two lines that do not occur in it.
    """

    name: str = _name()
    model: Model
    prompt: str = _name()
    turns: tuple[TurnPlan, ...]
    bindings: tuple[tuple[str, JudgeParameter | Constant | TextFile], ...]
    parameters: tuple[tuple[str, Type], ...]
    reader: ReaderUse
    decode: Decode
    repeats: int = 1
    combine: str = "mean"
    quorum: int = 1
    retries: int = 0
    on_malformed: str = "unscored"
    swap: tuple[str, str] | None = None
    fence: bool = True


@attrs.frozen(kw_only=True)
class Panel:
    """Several judges of the same things, whose verdicts become one by `combine`, as repeats of a judge do.

    At least `quorum` of them must give a verdict. Where they disagree (no majority; not unanimous), the row goes to the
    judge `third`, waits for a person (`on_disagreement` is `human`), or is `unscored`.
    """

    name: str = _name()
    judges: tuple[Judge, ...]
    combine: str
    quorum: int
    on_disagreement: str = "unscored"
    third: Judge | None = None


@attrs.frozen
class RowValue:
    """A field of the row, or what lies inside it."""

    path: tuple[str, ...]


@attrs.frozen
class ReplyText:
    """The reply of the model under test, as it came."""


@attrs.frozen
class EntryValue:
    """The entry of the list that is gone through, or what lies inside it."""

    path: tuple[str, ...] = ()


Given = RowValue | AnswerValue | ReplyText | EntryValue | Constant
"""What fills a parameter of a judge."""


@attrs.frozen(kw_only=True)
class VerdictValue:
    """What a judge says about each row: its verdict, or the field of it that `path` names.

    With `each`, it is asked once for every entry of that list, and the metric first makes one value of them: their mean
    or share for `mean` and `rate`, the worst for `worst`. A row whose list is empty has nothing to judge and is unscored.
    A row whose answer is unread is not shown to the judge, and counts as the metric says. `points` is what an entry is
    worth, for metrics that weigh entries.
    """

    judge: Judge | Panel
    arguments: tuple[tuple[str, Given], ...]
    path: tuple[str, ...] = ()
    each: RowValue | AnswerValue | None = None
    points: EntryValue | None = None


@attrs.frozen(kw_only=True)
class Calibration:
    """How well the judge called `judge` must agree with people on the rows of `scan`, which are `rows` in the spec.

    `fields` of these rows fill the parameters of the same names. `label` is what people said, `field` what is compared of
    the verdict (empty: the whole of it). In no hash: it changes no number, but says whether the numbers can be relied on.
    """

    judge: str
    scan: str
    rows: str
    fields: tuple[str, ...]
    label: str
    field: tuple[str, ...]
    agreement: str
    at_least: float


def judges_of(value: VerdictValue) -> tuple[Judge, ...]:
    """Every judge that may be asked, a panel's third last."""
    judge = value.judge
    if isinstance(judge, Judge):
        return (judge,)
    return judge.judges if judge.third is None else (*judge.judges, judge.third)


def fields_used(value: VerdictValue) -> tuple[str, ...]:
    """The fields of the row that the judge is shown, each once, in order."""
    sources = [given for _, given in value.arguments] + ([value.each] if value.each is not None else [])
    return tuple(dict.fromkeys(given.path[0] for given in sources if isinstance(given, RowValue)))
