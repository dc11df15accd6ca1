"""Scoring the replies of an earlier run again: the same requests, other readers, metrics or gold.

A task is scored again only while it asks what was asked: its call hash is the one the run had. Replies come out of the run's
journal by the hash of each request, so rows that changed since are found out as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Reply, Request
from medspec.errors import StoreError
from medspec.plan.diff import diff
from medspec.plan.diff_text import diff_text
from medspec.plan.nodes import Plan
from medspec.plan.state import state_of_plan
from medspec.run.folder import RunRecord
from medspec.run.journal import Journal
from medspec.run.shared_replies import OtherRuns


@attrs.define
class Recorded:
    """Stands for the model of a run: it says who it was, and can answer nothing."""

    run: Path
    record: RunRecord
    private: bool
    abilities: Abilities
    asked_as: Plan | None = None
    """The plan of the run."""

    @property
    def digest(self) -> str:
        return self.record.digest

    def describe(self) -> dict[str, Any]:
        return dict(self.record.described)

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        """Raises `StoreError`: what comes here is not in the journal."""
        first = f"a row of `{requests[0].task}`" if self.private else f"row {requests[0].row} of `{requests[0].task}`"
        raise StoreError(
            f"{self.run} has no reply to what {first} asks now: the rows changed since, or the run did not end "
            f"(`medspec resume {self.run}` goes on with it)"
        )
        yield  # type: ignore[unreachable]  # what a backend answers is an iterator

    def close(self) -> None:
        pass


def recorded(run: Path, plan: Plan, before: Plan) -> tuple[Recorded, OtherRuns]:
    """The model of `run` as it was, and its replies. Raises `StoreError`: in use, damaged, of a newer version."""
    record = RunRecord.read(run)
    Journal.open(run).close()
    abilities = Abilities(logits=True, images=record.opens_images, by_row=record.by_row)
    abilities = attrs.evolve(abilities, constrain=bool(record.options.get("constrain")))
    abilities = attrs.evolve(abilities, answers=str(record.described.get("answers", "text")))
    return Recorded(run, record, any(scan.private for scan in plan.scans), abilities, before), OtherRuns([run])


def refuse_other_questions(run: Path, before: Plan, after: Plan) -> None:
    """Raises `StoreError` that says what changed, where a task of `after` does not ask what it asked in `before`."""
    hashes = {task.name: task.call_hash for task in before.tasks}
    # A task that has another name now asked the same.
    known = set(hashes.values())
    other = [task.name for task in after.tasks if task.call_hash not in known]
    if not other:
        return
    found = [one for one in diff(state_of_plan(before), state_of_plan(after)) if one.name in other]
    names = ", ".join(f"`{name}`" for name in other)
    verb = "asks" if len(other) == 1 else "ask"
    raise StoreError(
        f"{names} {verb} the model something else than in {run}, so its replies cannot be scored again; "
        f"`medspec run` asks anew, and takes over what is the same:\n{diff_text(found, verdicts=False)}"
    )
