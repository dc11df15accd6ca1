"""Tries the laws on tasks, and keeps the smallest row and reply that break one.

The first `SEARCHED` tries are hypothesis's search. Those beyond are drawn by chance, many times as fast; where one of them breaks
the law, hypothesis begins with what was drawn, and makes it small. A trial is decided by its seed: equal specs and equal seeds try
the same rows and replies.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Any

import attrs

from medspec.check.spec import Spec
from medspec.errors import DataError
from medspec.laws import LAWS
from medspec.laws.base import Broken, Law, Subject
from medspec.laws.draws import Chance, Untriable
from medspec.laws.search import not_always, searched
from medspec.plan.lower import lower
from medspec.plan.nodes import Render
from medspec.run.invent import invent
from medspec.run.roots import DataRoots

PROFILES = {"ci": 100, "deep": 1000}
"""How many rows and replies each law is tried on."""

SEARCHED = 30
"""How many of them hypothesis searches, which costs as much as several times as many by chance."""


@attrs.frozen(kw_only=True)
class Verdict:
    """What came of one law for one task: `broken` says how it is broken, `skipped` why it was not tried."""

    task: str
    law: str
    broken: str | None = None
    skipped: str | None = None
    row: dict[str, Any] | None = None
    reply: Any = None


def try_laws(
    spec: Spec,
    tasks: Sequence[str],
    *,
    tries: int,
    seed: int,
    laws: Sequence[Law] = LAWS,
    roots: DataRoots | None = None,
) -> list[Verdict]:
    """The verdicts of every law for every named task (qualified names), task by task."""
    found: list[Verdict] = []
    for name in tasks:
        subject = subject_of(spec, name, roots=roots or DataRoots(given=()), seed=seed)
        found += [try_law(subject, law, tries=tries, seed=seed, name=name) for law in laws]
    return found


def subject_of(spec: Spec, name: str, *, roots: DataRoots, seed: int) -> Subject:
    """A task as laws look at it: planned as it is written, with invented shots."""
    plan = lower(spec, [name])
    record = spec.tasks[name].rows.record
    assert record is not None
    try:
        bound = invent(plan, roots, rows=1, seed=seed)
    except DataError as error:
        return Subject(plan=plan, task=plan.tasks[0], record=record.type, lacking=str(error).splitlines()[0])
    task = bound.plan.tasks[0]
    render: Render = bound.plan.render(task.render)
    return Subject(plan=bound.plan, task=task, record=record.type, shot_rows=bound.shot_rows(render))


def try_law(subject: Subject, law: Law, *, tries: int, seed: int, name: str) -> Verdict:
    """Try one law so many times; what breaks it is made as small as hypothesis can."""
    why = law.applies(subject)
    if why is not None:
        return Verdict(task=name, law=law.name, skipped=why)
    seed = _seed_of(seed, name, law)
    broken, nothing = searched(law, subject, tries=min(tries, SEARCHED), seed=seed)
    if broken is None and tries > SEARCHED:
        broken, untriable = _by_chance(law, subject, tries=tries - SEARCHED, seed=seed)
        nothing = nothing if untriable else None
    if broken is not None:
        return Verdict(task=name, law=law.name, broken=broken.said, row=broken.row, reply=broken.reply)
    return Verdict(task=name, law=law.name, skipped=nothing)


def _by_chance(law: Law, subject: Subject, *, tries: int, seed: int) -> tuple[Broken | None, bool]:
    """What breaks the law, and whether it said nothing of any try."""
    seeds, untriable = Random(seed), True
    for _ in range(tries):
        own = seeds.getrandbits(64)
        chance = Chance(own)
        try:
            law.check(subject, chance)
        except Untriable:
            continue
        except Broken as broken:
            smaller, _ = searched(law, subject, tries=1, seed=seed, known=chance.given)
            return smaller or (broken if _breaks(law, subject, own) else not_always(broken)), False
        untriable = False
    return None, untriable


def _breaks(law: Law, subject: Subject, seed: int) -> bool:
    """Whether the law breaks when the same values are drawn again."""
    try:
        law.check(subject, Chance(seed))
    except Broken:
        return True
    except Untriable:
        return False
    return False


def _seed_of(seed: int, name: str, law: Law) -> int:
    return int.from_bytes(sha256(f"{seed} {name} {law.name}".encode()).digest()[:8], "big")
