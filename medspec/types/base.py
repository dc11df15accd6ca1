"""The contract of the catalogue of answer types.

A type fixes what a value is in Python, when two values are equal, how it is read from data, how it is written as JSON,
how it is described to a model, and how a value is invented for tests. Types are frozen values; two types are the same
type when they compare equal.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

Row = Mapping[str, Any]
"""One row of data: field name to value."""


class Misfit(ValueError):
    """A value that does not fit its type. `str(misfit)` says what was expected, without naming file or row."""


class Type(Protocol):
    """What every type offers. `row` holds the row's other fields, for types anchored in one of them."""

    @property
    def kind(self) -> str:
        """The word for this family of types in messages and signatures: `text`, `int`, `enum`, `choice`, ..."""

    @property
    def spelled(self) -> str:
        """The type as it is written in a spec."""

    @property
    def children(self) -> tuple[Type, ...]:
        """The types inside this one: a list's item, a record's fields."""

    def load(self, raw: Any, row: Row) -> Any:
        """The Python value of `raw`, which came from a data file. Raises `Misfit`."""

    def to_json(self, value: Any) -> Any:
        """`value` as plain JSON; `load` of it gives `value` back where data are written in the default convention."""

    def invent(self, rng: random.Random, row: Row) -> Any:
        """Some value of this type, the same for the same state of `rng`."""
