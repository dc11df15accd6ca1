"""Law 2: the gold, written by the reader, is read back equal and scores the best value.

Some metrics give their best only to more than one row, or to long enough texts; then gold has no value, or less than the best, and
law 3 holds it to being beaten by nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, needs_comparison, said_by
from medspec.laws.inputs import draw_row
from medspec.run.score import metric_of
from medspec.types import Misfit

if TYPE_CHECKING:
    from medspec.laws.draws import Draws

NOT_BY_ONE_ROW = frozenset(
    ("bleu", "sentence_bleu", "rouge", "token_f1", "rank_correlation", "kappa", "matthews", "quadratic_kappa")
)
"""Metrics whose best value a single row with the right answer need not have: nothing to agree beyond chance, or no words."""


def check(subject: Subject, draws: Draws) -> None:
    row = draw_row(subject, draws)
    gold = row[subject.task.gold]
    try:
        reply = subject.written(gold, row)
    except Misfit:
        # A gold that the reader cannot write, such as two options with one text; told apart when data are read.
        draws.impossible()
    answer = subject.answer(reply, row)
    if type(answer) is not type(gold) or answer != gold:
        raise Broken(f"gold {gold!r} is read back as {answer!r}", row=row, reply=said_by(reply))
    for score in subject.scores:
        metric = metric_of(score)
        if metric.signature.gold is None or metric.name in NOT_BY_ONE_ROW:
            continue
        best = score.high if score.higher_is_better else score.low
        value = subject.value(score, [answer], [row], [reply])
        if best is not None and not math.isnan(value) and abs(value - best) > 1e-6:
            said = f"{score.label} of the gold itself is {value:g}, and its best is {best:g}"
            raise Broken(said, row=row, reply=said_by(reply))


ROUND_TRIP = Law(
    name="round trip",
    says="gold written by the reader is read back equal and scores the best value",
    check=check,
    applies=needs_comparison,
)
