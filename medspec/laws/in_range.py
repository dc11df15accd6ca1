"""Law 4: values of metrics stay in the range they state, over any rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, said_by
from medspec.laws.inputs import draw_reply, draw_row

if TYPE_CHECKING:
    from medspec.laws.draws import Draws


def check(subject: Subject, draws: Draws) -> None:
    rows = [draw_row(subject, draws) for _ in range(draws.randint(1, 3))]
    replies = [draw_reply(subject, row, draws) for row in rows]
    answers = [subject.answer(reply, row) for reply, row in zip(replies, rows, strict=True)]
    for score in subject.scores:
        value = subject.value(score, answers, rows, replies)
        if math.isnan(value):
            continue
        low, high = (-math.inf if score.low is None else score.low), (math.inf if score.high is None else score.high)
        if not low - 1e-9 <= value <= high + 1e-9:
            said = f"{score.label} is {value:g}, outside {low:g} to {high:g}"
            raise Broken(said, row=rows[-1], reply=said_by(replies[-1]))


IN_RANGE = Law(name="in range", says="metric values stay in their range", check=check)
