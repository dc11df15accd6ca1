"""Law 1: every prompt renders for every row the types allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, needs_prompt, shown_error
from medspec.laws.inputs import draw_row

if TYPE_CHECKING:
    from medspec.laws.draws import Draws


def check(subject: Subject, draws: Draws) -> None:
    row = draw_row(subject, draws)
    try:
        turns = subject.prompt(row)
    except Exception as error:
        raise Broken(f"the prompt cannot be written: {shown_error(error)}", row=row) from error
    if not turns:
        raise Broken("nothing is sent", row=row)


RENDERS = Law(
    name="renders", says="every prompt renders for every row the types allow", check=check, applies=needs_prompt
)
