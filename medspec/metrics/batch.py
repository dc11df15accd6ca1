"""What a metric looks at: all rows of one task at once, and the numbers and tables many metrics start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs

from medspec.metrics.encoded import Corpus
from medspec.readers.base import Unread
from medspec.types.abstention import ABSTAINED, AbstainType
from medspec.types.base import Type
from medspec.types.sequence import OptionalType

if TYPE_CHECKING:
    import numpy as np


UNSCORED = object()
"""The value of a row that a judge should have given and did not: in no denominator."""


@attrs.frozen(slots=False, eq=False)
class Batch:
    """All rows of one task: answers (or `Unread`) and golds, with their types.

    `gold_type` is None where it is the type of the answers. `confidence` holds, for readers that offer it, the
    probability of every value of the type in the type's own order (false, true; the cases; the options), which sum to 1;
    None for an unread row.
    """

    type: Type
    answers: Sequence[Any]
    golds: Sequence[Any]
    gold_type: Type | None = None
    confidence: Sequence[Sequence[float] | None] | None = None
    judged: Mapping[str, tuple[Type, Sequence[Any]]] | None = None
    """What judges say: label of a score -> type of the value, and the value of each row (`Unread`, or `UNSCORED`)."""
    encoders: Mapping[str, Corpus] = attrs.field(factory=dict)
    """What metrics that name a model find under that name."""
    fields: Mapping[str, Sequence[Any]] = attrs.field(factory=dict)
    """Further values of each row by field of the row, and, as a metric sees them, by the setting they stand for."""

    def __len__(self) -> int:
        return len(self.answers)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What several metrics start from, by name: whoever makes it first keeps it for the others."""
        return {}

    @cached_property
    def unread(self) -> np.ndarray:
        """Which answers could not be read: bool of shape [rows]."""
        import numpy as np

        return np.fromiter((type(answer) is Unread for answer in self.answers), bool, len(self))

    @cached_property
    def codes(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Answers and golds as int64 class numbers, both of shape [rows], and the number of classes.

        Unread answers are -1. For bool, enum and choice the class number is the value's position; for other types
        values are numbered in order of appearance, so that equal values have equal numbers.
        """
        import numpy as np

        number, count = _numbering(self.type)
        if number is None:
            # Whole numbers already, as options are: one pass in C, and a second only where something is unread.
            predicted = np.array([-1 if type(answer) is Unread else answer for answer in self.answers], np.int64)
            gold = np.array(self.golds, np.int64)
        else:
            predicted = np.fromiter(
                (-1 if type(answer) is Unread else number(answer) for answer in self.answers), np.int64, len(self)
            )
            gold = np.fromiter(map(number, self.golds), np.int64, len(self))
        if count is None:
            count = int(max(predicted.max(initial=0), gold.max(initial=0))) + 1
        return predicted, gold, count

    def numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """Answers and golds of a type of numbers as float64 of shape [rows]; NaN where an answer is unread."""
        import numpy as np

        nan = float("nan")
        answers = np.array([nan if type(answer) is Unread else answer for answer in self.answers], np.float64)
        return answers, np.array(self.golds, np.float64)

    def field_numbers(self, setting: str) -> np.ndarray | None:
        """A setting that is a field of the row, as float64 of shape [rows], NaN where it is null; None where it is not set."""
        import numpy as np

        if setting not in self.fields:
            return None
        return np.array([float("nan") if value is None else value for value in self.fields[setting]], np.float64)

    def probabilities(self) -> np.ndarray:
        """`confidence` as float64 of shape [rows, classes]; 0 where a row has fewer, and where unread."""
        import numpy as np

        found = self.confidence if self.confidence is not None else [None] * len(self)
        width = max(self.codes[2], *(len(row) for row in found if row is not None), 1)
        table = np.zeros((len(self), width))
        for place, row in enumerate(found):
            if row is not None:
                table[place, : len(row)] = row
        return table


def _numbering(type_: Type) -> tuple[Callable[[Any], int] | None, int | None]:
    """How values become class numbers (None: they are) and how many classes there are (None: as many as occur)."""
    if isinstance(type_, OptionalType | AbstainType):
        none = None if isinstance(type_, OptionalType) else ABSTAINED
        inner, count = _numbering(type_.item)
        if count is None:
            # Options and other whole numbers keep their order after "none"; what matters is that equal is equal.
            return (lambda value: 0 if value == none else 1 + (value if inner is None else inner(value))), None
        assert inner is not None
        return (lambda value: count if value == none else inner(value)), count + 1
    if type_.kind == "enum":
        names = {case.name: index for index, case in enumerate(type_.cases)}  # type: ignore[attr-defined]
        return names.__getitem__, len(names)
    if type_.kind == "bool":
        return int, 2
    if type_.kind == "choice":
        return None, None
    seen: dict[Any, int] = {}
    return (lambda value: seen.setdefault(hashable(value), len(seen))), None


def hashable(value: Any) -> Any:
    """A value of any type in a form that can be a key; equal values have equal forms."""
    if isinstance(value, dict):
        return tuple((key, hashable(entry)) for key, entry in value.items())
    if isinstance(value, list | tuple):
        return tuple(hashable(entry) for entry in value)
    return value


def as_set(value: Any) -> frozenset[Any]:
    """The entries of a set, or of a list where a set is asked for."""
    return value if isinstance(value, frozenset) else frozenset(hashable(entry) for entry in value)
