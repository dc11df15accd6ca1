"""Tries the laws on tasks with hypothesis, and keeps the smallest row and reply that break one.

A trial is decided by its seed: equal specs and equal seeds try the same rows and replies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import attrs

from medspec.check.spec import Spec
from medspec.errors import DataError
from medspec.laws import LAWS
from medspec.laws.base import Broken, Law, Subject, shown_error
from medspec.plan.lower import lower
from medspec.plan.nodes import Render
from medspec.run.invent import invent
from medspec.run.roots import DataRoots

PROFILES = {"ci": 30, "deep": 1000}
"""How many rows and replies each law is tried on."""


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
    smallest: list[Broken] = []

    def tried(data: Any) -> None:
        try:
            law.check(subject, data)
        except Broken as broken:
            smallest[:] = [broken]
            raise

    return _outcome(tried, smallest, law, tries, _seed_of(seed, name, law), name)


def _outcome(
    tried: Callable[[Any], None], smallest: list[Broken], law: Law, tries: int, seed: int, name: str
) -> Verdict:
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded
    from hypothesis import strategies as st
    from hypothesis.errors import HypothesisException, Unsatisfiable

    limits = settings(
        max_examples=tries,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    trial = seeded(seed)(limits(given(st.data())(tried)))
    try:
        trial()
    except Broken:
        broken = smallest[0]
        return Verdict(task=name, law=law.name, broken=broken.said, row=broken.row, reply=broken.reply)
    except HypothesisException as error:
        if smallest:
            # It broke, and not when it was tried again with the same values.
            broken = smallest[0]
            said = f"not always: {broken.said}"
            return Verdict(task=name, law=law.name, broken=said, row=broken.row, reply=broken.reply)
        why = (
            "no invented gold can be written by the reader" if isinstance(error, Unsatisfiable) else shown_error(error)
        )
        return Verdict(task=name, law=law.name, skipped=why)
    return Verdict(task=name, law=law.name)


def _seed_of(seed: int, name: str, law: Law) -> int:
    return int.from_bytes(sha256(f"{seed} {name} {law.name}".encode()).digest()[:8], "big")
