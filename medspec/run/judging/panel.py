"""What one judge or a panel rules about each case, and what happens where its judges disagree.

scored     there is a verdict
unscored   there is none, and the row leaves the denominator; `reason` says why
worst      there is none, and the row counts as the worst (`on_malformed = worst`)
waiting    the judges disagree, and a person has not decided yet
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from medspec.plan.judge_nodes import Judge, Panel
from medspec.run.judging.ask import Asking, Case, Opinion
from medspec.run.judging.combine import combine

Find = Callable[[Judge], Asking]
"""The judge with its model."""

Decided = Mapping[str, Any]
"""What people decided, by the key of the case; see `people.py`."""


@attrs.frozen(kw_only=True)
class Ruling:
    """What came of one case. `opinions` are those of each judge asked, by its name. `by` is who settled it."""

    case: Case
    outcome: str
    verdict: Any = None
    reason: str | None = None
    by: str | None = None
    disagreed: bool = False
    opinions: tuple[tuple[str, Opinion], ...] = ()


def rule(judging: Judge | Panel, cases: Sequence[Case], find: Find, decided: Callable[[Case], Any]) -> list[Ruling]:
    """A ruling on each case, in order. `decided` gives what a person said of a case, None where nobody did."""
    if isinstance(judging, Judge):
        return [
            _alone(judging, case, opinion) for case, opinion in zip(cases, find(judging).opinions(cases), strict=True)
        ]
    columns = [find(judge).opinions(cases) for judge in judging.judges]
    rulings = [
        _together(judging, case, tuple(row), decided)
        for case, row in zip(cases, zip(*columns, strict=True), strict=True)
    ]
    third = judging.third
    if third is None:
        return rulings
    open_ = [index for index, ruling in enumerate(rulings) if ruling.outcome == "waiting"]
    for index, opinion in zip(open_, find(third).opinions([cases[index] for index in open_]), strict=True):
        alone = _alone(third, cases[index], opinion)
        said = (*rulings[index].opinions, *alone.opinions)
        rulings[index] = attrs.evolve(alone, by=third.name, disagreed=True, opinions=said)
    return rulings


def _alone(judge: Judge, case: Case, opinion: Opinion) -> Ruling:
    outcome = "scored" if opinion.reason is None else judge.on_malformed
    return Ruling(
        case=case,
        outcome=outcome,
        verdict=opinion.verdict,
        reason=opinion.reason,
        by=judge.name if opinion.reason is None else None,
        opinions=((judge.name, opinion),),
    )


def _together(panel: Panel, case: Case, opinions: tuple[Opinion, ...], decided: Callable[[Case], Any]) -> Ruling:
    named = tuple((judge.name, opinion) for judge, opinion in zip(panel.judges, opinions, strict=True))
    verdicts = [opinion.verdict for opinion in opinions if opinion.reason is None]
    if len(verdicts) < panel.quorum:
        worst = all(judge.on_malformed == "worst" for judge in panel.judges)
        return Ruling(case=case, outcome="worst" if worst else "unscored", reason="no_quorum", opinions=named)
    verdict = combine(verdicts, panel.judges[0].reader.answer, panel.combine)
    if verdict is not None:
        return Ruling(case=case, outcome="scored", verdict=verdict, by=panel.name, opinions=named)
    ruling = Ruling(case=case, outcome="unscored", reason="disagreed", disagreed=True, opinions=named)
    if panel.on_disagreement == "unscored":
        return ruling
    if panel.on_disagreement == "human" and (found := decided(case)) is not None:
        return attrs.evolve(ruling, outcome="scored", verdict=found, reason=None, by="person")
    return attrs.evolve(ruling, outcome="waiting")
