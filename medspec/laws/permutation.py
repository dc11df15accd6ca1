"""Law 6: permuting the options permutes the answer and leaves the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, said_by
from medspec.laws.inputs import draw_row, draw_value
from medspec.types import ChoiceType, Misfit

if TYPE_CHECKING:
    from medspec.laws.draws import Draws


def check(subject: Subject, draws: Draws) -> None:
    assert isinstance(subject.type, ChoiceType)
    row = draw_row(subject, draws)
    options, gold = row[subject.type.of], row[subject.task.gold]
    order = draws.order(len(options))
    turned = {**row, subject.type.of: tuple(options[place] for place in order), subject.task.gold: order.index(gold)}
    chosen = draw_value(subject, row, draws)
    try:
        here, there = subject.written(chosen, row), subject.written(order.index(chosen), turned)
    except Misfit:
        draws.impossible()
    one, other = subject.answer(here, row), subject.answer(there, turned)
    if one != chosen or other != order.index(chosen):
        said = (
            f"option {chosen} ({options[chosen]!r}) is read as {one!r}, and after the options are permuted as {other!r}"
        )
        raise Broken(said, row=turned, reply=said_by(there))
    for score in subject.scores:
        before, after = (
            subject.value(score, [answer], [asked], [reply])
            for answer, asked, reply in ((one, row, here), (other, turned, there))
        )
        if before == before and abs(before - after) > 1e-9:
            said = f"{score.label} is {before:g}, and {after:g} after the options are permuted"
            raise Broken(said, row=turned, reply=said_by(there))


def applies(subject: Subject) -> str | None:
    if not isinstance(subject.type, ChoiceType) or not subject.compares:
        return "its answers are no options of the row"
    return None


PERMUTATION = Law(
    name="permutation",
    says="permuting the options permutes the answer and leaves the score",
    check=check,
    applies=applies,
)
