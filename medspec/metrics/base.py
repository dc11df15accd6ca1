"""The contract of the catalogue of metrics: signature as data, arithmetic on whole batches.

    accuracy : (pred: T, gold: T) -> fraction    per row      T: equal
    macro_f1 : (pred: E, gold: E) -> fraction    whole set    E: closed

An unread answer is a row like any other: `Batch.predicted` holds -1 for it, and every metric says in its docstring what
that does to numerator and denominator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from medspec.readers.base import Setting, Unread
from medspec.types.base import Type

if TYPE_CHECKING:
    import numpy as np

CLOSED_KINDS = ("bool", "enum", "choice")
"""Type kinds whose values come from a fixed, small set."""


@attrs.frozen
class Variable:
    """A type variable of a signature. `needs` is `any`, `closed`, `number` or `text`."""

    name: str
    needs: str = "any"

    def accepts(self, type_: Type) -> bool:
        if type_.kind == "unknown" or self.needs == "any":
            return True
        if self.needs == "closed":
            return type_.kind in CLOSED_KINDS
        if self.needs == "number":
            return type_.kind in ("int", "float")
        return type_.kind == self.needs


@attrs.frozen
class Range:
    """What a metric yields. `low` and `high` are None where that end is open."""

    name: str
    low: float | None
    high: float | None
    higher_is_better: bool = True


FRACTION = Range("fraction", 0.0, 1.0)


@attrs.frozen(kw_only=True)
class Signature:
    """What a metric takes and gives. Answer and gold both have the type of `variable`."""

    variable: Variable
    yields: Range
    grain: str
    """`per row` or `whole set`."""
    empty: float | None
    """The value over no rows; None where there is none."""
    needs: frozenset[str] = frozenset()
    version: int = 1

    def spelled(self, name: str) -> str:
        """The signature in one line, as messages and documentation print it."""
        variable = self.variable
        asks = "equal" if variable.needs == "any" else variable.needs
        line = f"{name} : (pred: {variable.name}, gold: {variable.name}) -> {self.yields.name}"
        return f"{line}   {self.grain}   {variable.name}: {asks}"


@attrs.frozen(slots=False, eq=False)
class Batch:
    """All rows of one task: answers (or `Unread`) and golds, with their type."""

    type: Type
    answers: Sequence[Any]
    golds: Sequence[Any]

    def __len__(self) -> int:
        return len(self.golds)

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Answers and golds as int64 class numbers, both of shape [rows], and the number of classes.

        Unread answers are -1. For bool, enum and choice the class number is the value's position; for other types
        values are numbered in order of appearance, so that equal values have equal numbers.
        """
        import numpy as np

        number, count = _numbering(self.type, self.answers, self.golds)
        predicted = np.fromiter((-1 if isinstance(a, Unread) else number(a) for a in self.answers), np.int64, len(self))
        gold = np.fromiter((number(g) for g in self.golds), np.int64, len(self))
        if count is None:
            count = int(max(predicted.max(initial=0), gold.max(initial=0))) + 1
        return predicted, gold, count


def _numbering(
    type_: Type, answers: Sequence[Any], golds: Sequence[Any]
) -> tuple[Callable[[Any], int], int | None]:
    if type_.kind == "enum":
        names = {case.name: index for index, case in enumerate(type_.cases)}  # type: ignore[attr-defined]
        return names.__getitem__, len(names)
    if type_.kind == "bool":
        return int, 2
    if type_.kind == "choice":
        return int, None
    seen: dict[Any, int] = {}
    return lambda value: seen.setdefault(_hashable(value), len(seen)), None


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _hashable(entry)) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return tuple(_hashable(entry) for entry in value)
    return value


@attrs.frozen(kw_only=True)
class Metric:
    """A member of the catalogue.

    `compute` gives the value over a whole batch with torchmetrics. `per_row` (metrics of grain `per row`) gives the
    value of one row; its mean over rows is the value of the batch. `replicates` gives bootstrap values for metrics that
    are no plain mean: (batch, settings, resamples, numpy generator) -> array of shape [resamples].
    """

    name: str
    summary: str
    signature: Signature
    compute: Callable[[Batch, Mapping[str, Any]], float]
    per_row: Callable[[Any, Any, Type, Mapping[str, Any]], float] | None = None
    replicates: Callable[[Batch, Mapping[str, Any], int, np.random.Generator], np.ndarray] | None = None
    settings: tuple[Setting, ...] = ()
