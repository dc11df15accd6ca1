"""The contract of the catalogue of metrics: signature as data, arithmetic on whole batches.

    accuracy : (pred: T, gold: T)   -> fraction            per row     T: equal
    macro_f1 : (pred: E, gold: E)   -> fraction            whole set   E: closed
    mean     : (value: S)           -> same range as S     per row     S: rating, bool, number

A metric has one signature. Nothing about rows without an answer is left to guess: `Metric.unread` says in one sentence
what an unread row does to the numerator and the denominator, and the contract tests hold the member to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from medspec.metrics.batch import Batch as Batch
from medspec.metrics.patterns import Bindings, Pattern, match
from medspec.metrics.resample import Resampled, mean_of_values
from medspec.readers.base import Setting as Setting
from medspec.readers.base import Unread as Unread
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

Settings = Mapping[str, Any]
"""A metric's settings after defaults, by name."""


@attrs.frozen
class Range:
    """What a metric yields. `low` and `high` are None where that end is open."""

    low: float | None
    high: float | None
    higher_is_better: bool = True

    @property
    def spelled(self) -> str:
        ends = f"{_end(self.low)}..{_end(self.high)}"
        word = "fraction" if (self.low, self.high) == (0, 1) else f"number({ends})"
        return word if self.higher_is_better else f"{word}, lower"

    @property
    def worst(self) -> float | None:
        return self.low if self.higher_is_better else self.high


def _end(end: float | None) -> str:
    return "" if end is None else f"{end:g}"


@attrs.frozen
class SameRange:
    """The range of the type that `variable` stands for; the setting `better` says in which direction."""

    variable: str

    @property
    def spelled(self) -> str:
        return f"same range as {self.variable}"


FRACTION = Range(0.0, 1.0)
CORRELATION = Range(-1.0, 1.0)
"""Of agreement corrected for chance, and of correlations: 0 is what chance gives."""


@attrs.frozen(kw_only=True)
class Signature:
    """What a metric takes and gives: answer (`pred`) and `gold`, or one `value` per row; the others are None.

    `grain` is `per row` (the score is the mean of the values of single rows) or `whole set`. `empty` is the value where
    rows are there and nothing is to be counted; None where there is none. `needs` are facets of the reader. `version` is
    part of the score hash.
    """

    pred: Pattern | None = None
    gold: Pattern | None = None
    value: Pattern | None = None
    yields: Range | SameRange
    grain: str
    empty: float | None
    needs: frozenset[str] = frozenset()
    version: int = 1

    @property
    def inputs(self) -> tuple[tuple[str, Pattern], ...]:
        """Name and pattern of each input, in order."""
        named = (("pred", self.pred), ("gold", self.gold), ("value", self.value))
        return tuple((name, pattern) for name, pattern in named if pattern is not None)

    def mismatches(self, given: Mapping[str, Type]) -> dict[str, str]:
        """What each input that does not fit needs instead; empty when all fit."""
        found: Bindings = {}
        checked = {name: match(pattern, given[name], found) for name, pattern in self.inputs}
        return {name: needed for name, needed in checked.items() if needed is not None}

    def range_for(self, given: Mapping[str, Type], settings: Settings) -> Range:
        """What the metric yields for inputs of these types, which fit."""
        if isinstance(self.yields, Range):
            return self.yields
        found: Bindings = {}
        for name, pattern in self.inputs:
            match(pattern, given[name], found)
        low, high = ends_of(found.get(self.yields.variable))
        return Range(low, high, settings.get("better", "higher") == "higher")

    @property
    def legend(self) -> str:
        """What the variables stand for, and what is needed of the reader."""
        parts = list(dict.fromkeys(pattern.legend for _, pattern in self.inputs if pattern.legend))
        parts += [f"needs {facet}" for facet in sorted(self.needs)]
        return "   ".join(parts)

    def spelled(self, name: str) -> str:
        """The signature in one line, as messages and documentation print it."""
        takes = ", ".join(f"{label}: {pattern.spelled}" for label, pattern in self.inputs)
        line = f"{name} : ({takes}) -> {self.yields.spelled}   {self.grain}"
        return f"{line}   {self.legend}" if self.legend else line


def ends_of(type_: Type | None) -> tuple[float | None, float | None]:
    """The least and the greatest value of a type of numbers; None where that end is open."""
    if type_ is not None and type_.kind == "bool":
        return 0.0, 1.0
    low, high = getattr(type_, "low", None), getattr(type_, "high", None)
    return None if low is None else float(low), None if high is None else float(high)


@attrs.frozen(kw_only=True)
class Metric:
    """A member of the catalogue.

    Settings of kind `field` are no entries of `Settings`: their values stand in `Batch.fields`, row by row.

    `compute` gives the value over all rows of a batch, at least one; NaN where the metric is not defined for them.
    Metrics of grain `per row` give the value of one row (`per_row`: answer, gold, type of the answer, settings), or the
    values of all rows at once (`rows`: float64 of shape [rows]), or both, equal; their mean is the value of the batch.
    `resampled` says, for metrics that are no plain mean, what the bootstrap needs of each row; see `resample.py`. A
    resampled batch for which the metric is not defined has the value NaN.

    `unread` says what an unread row does to the numerator and the denominator. `worst_of`, where the worst value of a row
    depends on the types, gives what is missing of them in words, or None when an unread row has a value.

    `entries` says what a metric of one value takes where a judge is asked about every entry of a list: the `mean` or the
    `worst` of them, or `all`: a tuple of (value, points), which it can tell from a single value; with `counted` an unread
    row has all entries of its list, none of them with a value.

    `words`, for metrics that see no words in some scripts and give 0 there, are the words they see in a text: a run counts
    the golds that have none.
    """

    name: str
    summary: str
    unread: str
    signature: Signature
    compute: Callable[[Batch, Settings], float]
    per_row: Callable[[Any, Any, Type, Settings], float] | None = None
    rows: Callable[[Batch, Settings], np.ndarray] | None = None
    resampled: Callable[[Batch, Settings], Resampled] | None = None
    settings: tuple[Setting, ...] = ()
    worst_of: Callable[[Mapping[str, Type]], str | None] | None = None
    entries: str = "mean"
    words: Callable[[str, Settings], list[str]] | None = None

    def encoder(self, settings: Settings) -> str | None:
        """The model that must have encoded the texts of a batch, as the settings name it; None where none is needed."""
        return next((settings[one.name] for one in self.settings if one.kind == "model"), None)

    @property
    def defaults(self) -> dict[str, Any]:
        """The settings nobody has to give."""
        return {one.name: one.default for one in self.settings if not one.required and one.kind != "field"}

    def row_values(self, batch: Batch, settings: Settings) -> np.ndarray | None:
        """The value of every row, float64 of shape [rows]; None for metrics of grain `whole set`."""
        import numpy as np

        if self.rows is not None:
            return self.rows(batch, settings)
        if self.per_row is None:
            return None
        value_of, type_ = self.per_row, batch.type
        pairs = zip(batch.answers, batch.golds, strict=True)
        return np.fromiter((value_of(answer, gold, type_, settings) for answer, gold in pairs), np.float64, len(batch))

    def drawn_rows(self, batch: Batch, settings: Settings) -> Resampled | None:
        """The metric for the bootstrap, whatever its grain; None where it has none."""
        if self.resampled is not None:
            return self.resampled(batch, settings)
        values = self.row_values(batch, settings)
        return None if values is None else mean_of_values(values)


def mean_of(
    per_row: Callable[[Any, Any, Type, Settings], float],
) -> Callable[[Batch, Settings], float]:
    """The `compute` of a metric that is known row by row: the mean, summed without rounding on the way."""

    def compute(batch: Batch, settings: Settings) -> float:
        from math import fsum

        pairs: Iterable[tuple[Any, Any]] = zip(batch.answers, batch.golds, strict=True)
        return fsum(per_row(answer, gold, batch.type, settings) for answer, gold in pairs) / len(batch)

    return compute


def mean_of_rows(rows: Callable[[Batch, Settings], np.ndarray]) -> Callable[[Batch, Settings], float]:
    """The `compute` of a metric that is known for all rows at once: the mean in 64 bits."""

    def compute(batch: Batch, settings: Settings) -> float:
        return float(rows(batch, settings).mean())

    return compute
