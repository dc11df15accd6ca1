"""Law 3: no reply crashes the reader or a metric, none scores better than gold, and one that cannot be read scores less."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, said_by
from medspec.laws.inputs import draw_reply, draw_row
from medspec.laws.round_trip import NOT_BY_ONE_ROW
from medspec.plan.nodes import Score
from medspec.readers.base import Unread
from medspec.run.score import metric_of
from medspec.types import Misfit

if TYPE_CHECKING:
    from medspec.laws.draws import Draws

NOT_OF_SHORT_TEXTS = frozenset(("bleu",))
"""Metrics of which a gold of few words has nothing, as it has no run of four: a longer reply then has more."""


def check(subject: Subject, draws: Draws) -> None:
    row = draw_row(subject, draws)
    reply = draw_reply(subject, row, draws)
    answer = subject.answer(reply, row)
    try:
        right = subject.written(row[subject.task.gold], row) if subject.compares else None
    except Misfit:
        right = None
    for score in subject.scores:
        value = subject.value(score, [answer], [row], [reply])
        if right is None or metric_of(score).signature.gold is None or metric_of(score).name in NOT_OF_SHORT_TEXTS:
            continue
        best = subject.value(score, [subject.answer(right, row)], [row], [right])
        better = value - best if score.higher_is_better else best - value
        if better > 1e-9:
            said = f"{score.label} is {value:g} for {answer!r}, better than {best:g} for the gold"
            raise Broken(said, row=row, reply=said_by(reply))
        if isinstance(answer, Unread) and _is_best(score, best) and better > -1e-9:
            said = f"{score.label} is {value:g} for a reply that cannot be read ({answer.reason}), as for the gold"
            raise Broken(said, row=row, reply=said_by(reply))


def _is_best(score: Score, value: float) -> bool:
    """Whether a value is the best there is, so that a worse one is left for a reply that cannot be read."""
    end = score.high if score.higher_is_better else score.low
    return end is not None and score.low != score.high and abs(value - end) <= 1e-9 and _counts_single_rows(score)


def _counts_single_rows(score: Score) -> bool:
    """Metrics over the whole set may have nothing to count in a row, such as recall where nothing is to be found."""
    metric = metric_of(score)
    return metric.signature.grain == "per row" and metric.name not in NOT_BY_ONE_ROW


NOTHING_BEATS_GOLD = Law(
    name="nothing beats gold", says="no reply crashes the reader or a metric, none scores better than gold", check=check
)
