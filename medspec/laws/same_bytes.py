"""Law 7: the same seed gives the same bytes: prompts, answers, scores and their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, said_by
from medspec.laws.inputs import draw_reply, draw_row
from medspec.metrics.base import Batch
from medspec.plan.nodes import Interval
from medspec.readers.base import Unread
from medspec.run.score import fields_of, metric_of, score_task

if TYPE_CHECKING:
    from medspec.laws.draws import Draws

_INTERVAL = Interval(method="bootstrap", resamples=20)


def check(subject: Subject, draws: Draws) -> None:
    row = draw_row(subject, draws)
    reply = draw_reply(subject, row, draws)
    if subject.lacking is None and repr(subject.prompt(row)) != repr(subject.prompt(row)):
        raise Broken("the prompt of the same row is not always the same", row=row)
    one, other = subject.answer(reply, row), subject.answer(reply, row)
    if repr(one) != repr(other):
        raise Broken(f"the same reply is read as {one!r} and as {other!r}", row=row, reply=said_by(reply))
    # Confidence is of replies; what is drawn here are answers.
    scores = tuple(score for score in subject.scores if "confidence" not in metric_of(score).signature.needs)
    golds = [row[subject.task.gold]] * 3
    # Rows of one kind alone would have the same draws whatever the seed.
    beside = fields_of(scores, [row] * len(golds))
    batch = Batch(subject.type, [one, one, Unread("no_reply", "")], golds, subject.gold_type, fields=beside)
    reports = [repr(score_task(scores, batch, _INTERVAL, unread_policy="worst").metrics) for _ in range(2)]
    if reports[0] != reports[1]:
        raise Broken(f"the same answers score {reports[0]} and {reports[1]}", row=row, reply=said_by(reply))


SAME_BYTES = Law(name="same bytes", says="same seed, same bytes", check=check)
