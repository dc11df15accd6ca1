"""Groups of rows that are scored by themselves."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from medspec.metrics.base import Batch
from medspec.plan.nodes import Condition, Interval, Score, SliceRule
from medspec.run.samples import score_samples
from medspec.run.score import clusters_of, rows_of
from medspec.run.values import value_at
from medspec.types import OptionalType, RecordType, TextType, Type

if TYPE_CHECKING:
    import numpy as np

_OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

NONE = "(none)"
"""The group of rows that have no value to be grouped by."""


def groups_of(rule: SliceRule, rows: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """The rows of each group by its name, groups in order of their names; a row is in one group at most."""
    found: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        if rule.by is not None:
            value = value_at(row, rule.by)
            name = NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            found.setdefault(name, []).append(index)
        elif all(_holds(condition, row) for condition in rule.when):
            found.setdefault(rule.name, []).append(index)
    return dict(sorted(found.items()))


def _holds(condition: Condition, row: Mapping[str, Any]) -> bool:
    value = value_at(row, condition.path)
    return value is not None and bool(_OPERATORS[condition.op](value, condition.value))


def names_text(rule: SliceRule, record: RecordType) -> bool:
    """Whether the groups of a slice are named by free text of the rows, which private rows must not show."""
    if rule.by is None:
        return False
    type_: Type = record
    for part in rule.by.split("."):
        inner = type_.item if isinstance(type_, OptionalType) else type_
        field = inner.field(part) if isinstance(inner, RecordType) else None
        if field is None:
            return False  # a count of a text
        type_ = field.type
    return isinstance(type_.item if isinstance(type_, OptionalType) else type_, TextType)


def score_slices(
    rules: tuple[SliceRule, ...],
    rows: Sequence[dict[str, Any]],
    scores: tuple[Score, ...],
    batches: Sequence[Batch],
    interval: Interval,
    *,
    unread_policy: str,
    smallest: int,
    unnamed: frozenset[str] = frozenset(),
    clusters: np.ndarray | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Slice, group -> `rows` and `metrics`; a group with fewer than `smallest` rows has `rows` only.

    The groups of the slices in `unnamed` are numbered in the order of their names.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for rule in rules:
        found[rule.name] = {}
        for number, (name, indexes) in enumerate(groups_of(rule, rows).items(), start=1):
            group: dict[str, Any] = {"rows": len(indexes)}
            if len(indexes) >= smallest:
                parts = [rows_of(batch, indexes) for batch in batches]
                own = clusters_of(clusters, indexes)
                scored = score_samples(scores, parts, interval, unread_policy=unread_policy, clusters=own)
                group["metrics"] = scored.metrics
            found[rule.name][f"group {number}" if rule.name in unnamed else name] = group
    return found
