"""Law 5: what the gold is does not change the prompt. Another gold in the same row, and every byte that is sent is the same.

A task that shows its gold on purpose says so with a waiver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.laws.base import Broken, Law, Subject, needs_prompt
from medspec.laws.inputs import draw_row
from medspec.types import Misfit

if TYPE_CHECKING:
    from medspec.laws.draws import Draws

WAIVED_BY = ("E0403", "E0404", "E0407", "E0604")
"""Codes about golds in prompts."""


def check(subject: Subject, draws: Draws) -> None:
    row = draw_row(subject, draws)
    try:
        other = subject.gold_type.invent(draws, row)
    except Misfit:
        draws.impossible()
    if subject.prompt(row) != subject.prompt({**row, subject.task.gold: other}):
        raise Broken(f"the prompt changes when the gold does, here to {other!r}", row=row)


def applies(subject: Subject) -> str | None:
    waived = [code for code, _ in subject.task.waivers if code in WAIVED_BY]
    return f"{waived[0]} is waived" if waived else needs_prompt(subject)


NO_LEAK = Law(
    name="no leak", says="gold does not appear in the prompt beyond what the types allow", check=check, applies=applies
)
