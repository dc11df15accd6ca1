"""From rows and answers to what a judge says of each: the values that judged metrics are computed of.

    row, answer, reply  ->  one case, or one for each entry of a list  ->  ruling  ->  a value

A row whose answer is unread is not shown to a judge and keeps its `Unread`. A row without a verdict is `UNSCORED`: it is in
no denominator, and counted. Where a list is gone through, what its metric makes of the entries is its own business (see
`Metric.entries`); entries without a verdict are left out and counted, and a row without any entry is unscored.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import Reply
from medspec.metrics.batch import UNSCORED
from medspec.metrics.selection import select_type, select_value
from medspec.metrics.worth import worth
from medspec.plan.judge_nodes import EntryValue, Given, Judge, Panel, ReplyText, RowValue, VerdictValue, judges_of
from medspec.plan.nodes import AnswerValue, Constant, Score
from medspec.readers.base import Unread
from medspec.run.judging.ask import Case
from medspec.run.judging.fence import candidates_of
from medspec.run.judging.panel import Ruling
from medspec.run.score import metric_of
from medspec.types import Type

Rule = Callable[[Judge | Panel, Sequence[Case]], list[Ruling]]
"""What gives a ruling on each case."""

WORST = "no_verdict"
"""The reason of a row that counts as the worst because its judge said nothing that can be read."""


@attrs.frozen(kw_only=True)
class Answered:
    """The rows of a task with what the model under test made of them: one of each for every row and draw."""

    task: str
    ids: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    answers: Sequence[Any]
    replies: Sequence[Reply]
    draws: int = 1


@attrs.frozen(kw_only=True)
class Judged:
    """What a judge said for one score. `values` is what the metric gets of each row; `rulings` has one tuple for each."""

    value: VerdictValue
    values: list[Any]
    rulings: list[tuple[Ruling, ...]]
    counts: dict[str, int]
    shown: list[bool]
    """Whether the judge was asked about a row at all: not where the answer is unread."""


def judge_scores(scores: Sequence[Score], answered: Answered, rule: Rule) -> dict[str, Judged]:
    """What judges say for each judged score, by its label. A judge that several scores ask the same is asked once."""
    asked: list[tuple[VerdictValue, list[tuple[Ruling, ...]]]] = []
    found = {}
    for score in scores:
        value = score.value
        if not isinstance(value, VerdictValue):
            continue
        same = attrs.evolve(value, path=(), points=None)
        rulings = next((known for one, known in asked if one == same), None)
        if rulings is None:
            rulings = _rulings(value, answered, rule)
            asked.append((same, rulings))
        found[score.label] = _judged(score, value, answered, rulings)
    return found


def _rulings(value: VerdictValue, answered: Answered, rule: Rule) -> list[tuple[Ruling, ...]]:
    candidates, cases, sizes = candidates_of(value), [], []
    for index, (row, answer, reply) in enumerate(zip(answered.rows, answered.answers, answered.replies, strict=True)):
        entries = [] if isinstance(answer, Unread) else _entries(value, row, answer)
        draw, place = divmod(index, len(answered.ids))
        name = answered.ids[place] + (f"~{draw + 1}" if answered.draws > 1 else "")
        sizes.append(len(entries))
        for number, entry in enumerate(entries, start=1):
            cases.append(
                Case(
                    task=answered.task,
                    name=name if value.each is None else f"{name}#{number}",
                    values={key: _given(given, row, answer, reply, entry) for key, given in value.arguments},
                    candidates=candidates,
                )
            )
    rulings = iter(rule(value.judge, cases)) if cases else iter(())
    return [tuple(next(rulings) for _ in range(size)) for size in sizes]


def _entries(value: VerdictValue, row: Mapping[str, Any], answer: Any) -> list[Any]:
    """What the judge is asked about in one row: every entry of a list, or once for the whole."""
    match value.each:
        case None:
            return [None]
        case RowValue(path):
            return _in_order(select_value(dict(row), path))
        case AnswerValue(path):
            return _in_order(select_value(answer, path))


def _in_order(entries: Any) -> list[Any]:
    """The entries of a list as they stand, those of a set in the order of their texts."""
    return sorted(entries, key=str) if isinstance(entries, frozenset) else list(entries or ())


def _given(given: Given, row: Mapping[str, Any], answer: Any, reply: Reply, entry: Any) -> Any:
    match given:
        case RowValue(path):
            return select_value(dict(row), path)
        case AnswerValue(path):
            return select_value(answer, path)
        case ReplyText():
            return reply.text
        case EntryValue(path):
            return select_value(entry, path)
        case Constant(value):
            return value


def _judged(score: Score, value: VerdictValue, answered: Answered, rulings: list[tuple[Ruling, ...]]) -> Judged:
    counts: Counter[str] = Counter()
    values = []
    for answer, row, found in zip(answered.answers, answered.rows, rulings, strict=True):
        counts.update(ruling.outcome for ruling in found)
        counts["disagreed"] += sum(ruling.disagreed for ruling in found)
        if isinstance(answer, Unread):
            values.append(_unread(score, value, row, answer))
            counts["rows_not_shown"] += 1
            counts["rows_unscored"] += values[-1] is UNSCORED
            continue
        points = _points(value, row, answer, found)
        values.append(_value(score, value, found, points))
        counts["rows_unscored"] += values[-1] is UNSCORED
    shown = [not isinstance(answer, Unread) for answer in answered.answers]
    kept = {key: number for key, number in counts.items() if number}
    return Judged(value=value, values=values, rulings=rulings, counts=kept, shown=shown)


def _unread(score: Score, value: VerdictValue, row: Mapping[str, Any], answer: Unread) -> Any:
    """What the metric gets of a row that is not shown to the judge."""
    if metric_of(score).entries != "counted" or not isinstance(value.each, RowValue):
        return answer
    entries = _entries(value, row, answer)
    return tuple((answer, 1.0) for _ in entries) if entries else UNSCORED


def _points(value: VerdictValue, row: Mapping[str, Any], answer: Any, found: tuple[Ruling, ...]) -> list[float]:
    if value.points is None:
        return [1.0] * len(found)
    return [float(select_value(entry, value.points.path)) for entry in _entries(value, row, answer)]


def _value(score: Score, value: VerdictValue, found: tuple[Ruling, ...], points: list[float]) -> Any:
    """What the metric gets of one row."""
    said: list[tuple[Any, float]] = []
    for ruling, share in zip(found, points, strict=True):
        if ruling.outcome == "scored":
            said.append((select_value(ruling.verdict, value.path), share))
        elif ruling.outcome == "worst":
            said.append((Unread(WORST, ""), share))
    said = [(one, share) for one, share in said if one is not None]
    if not said:
        return UNSCORED
    if value.each is None:
        return said[0][0]
    return _of_entries(metric_of(score).entries, said, score, type_of(value))


def type_of(value: VerdictValue) -> Type:
    """The type of what is taken of each verdict."""
    judge = judges_of(value)[0]
    found = select_type(judge.reader.answer, value.path)
    assert found is not None, value.path
    return found


def _of_entries(how: str, said: Sequence[tuple[Any, float]], score: Score, type_: Type) -> Any:
    """One value of several entries: `mean` or `worst` of them, or `all`: every entry with its points."""
    if how in ("all", "counted"):
        return tuple(said)
    settings = {"better": "higher" if score.higher_is_better else "lower"}
    numbers = [worth(one, None, type_, settings) for one, _ in said]
    if any(map(math.isnan, numbers)):
        return Unread(WORST, "")
    if how == "worst":
        return min(numbers) if score.higher_is_better else max(numbers)
    return math.fsum(numbers) / len(numbers)
