"""One number over several scores, with an interval.

Tasks over the same rows are not independent, so the bootstrap draws their rows together; tasks that share none are drawn
apart, each with as many rows as it has. The interval is that of these draws, or, where the suite asks for Wilson intervals, it
is put together from those of the parts and how far the parts go together in the draws: the method of variance estimates
recovery, Zou & Donner, Statistics in Medicine 27 (2008) 1693-1702, with correlations as in Zou, Psychological Methods 12
(2007) 399-413. The weights of parts are taken as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.plan.nodes import Aggregate, Interval, Plan, TaskPlan
from medspec.run.intervals import bounds_of
from medspec.run.jointly import Drawn, replicates

if TYPE_CHECKING:
    import numpy as np

Value = dict[str, Any]
"""`value`, `low` and `high`, each a number or None, and `rows`."""


@attrs.frozen(eq=False)
class Part:
    """A score that goes into an aggregate: its bootstrap values (None: it has none), and the strata they were drawn in."""

    value: Value
    drawn: np.ndarray | None
    strata: frozenset[str]


def aggregate(
    plan: Plan, tasks: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Mapping[str, Drawn]] | None = None
) -> dict[str, dict[str, Any]]:
    """Every aggregate of the plan by name, from the `tasks` of a report. A part without a value leaves it without one.

    `drawn` has for each task its scores, ready for the bootstrap; what is not there counts as independent.
    """
    values = _replicates(plan, tasks, drawn or {})
    return {
        name: {"method": entry.method, "tasks": list(entry.tasks), **part.value}
        for (name, part), entry in zip(aggregate_parts(plan, tasks, values).items(), plan.aggregates, strict=True)
    }


def aggregate_parts(
    plan: Plan, tasks: Mapping[str, Mapping[str, Any]], values: Mapping[str, tuple[np.ndarray, str]]
) -> dict[str, Part]:
    """Every aggregate with its bootstrap values. `values` has those of tasks and their strata, by `drawn_key`."""
    found: dict[str, Part] = {}
    for entry in plan.aggregates:
        parts = [
            found[name]
            if name in found
            else _part(entry, plan.task(name), tasks[name], values.get(drawn_key(entry, name, tasks)))
            for name in entry.tasks
        ]
        found[entry.name] = _one(entry, parts, plan.interval_of(entry))
    return found


def drawn_key(entry: Aggregate, name: str, tasks: Mapping[str, Mapping[str, Any]]) -> str:
    """Task and metric that an aggregate takes."""
    label = tasks[name]["primary"] if entry.metric is None else entry.metric
    return f"{name} {label}"


def _replicates(
    plan: Plan, tasks: Mapping[str, Mapping[str, Any]], drawn: Mapping[str, Mapping[str, Drawn]]
) -> dict[str, tuple[np.ndarray, str]]:
    """Bootstrap values and stratum of every score that is part of an aggregate, all drawn alike."""
    scores: dict[str, Drawn] = {}
    for entry in plan.aggregates:
        for name in entry.tasks:
            if name in tasks:
                key = drawn_key(entry, name, tasks)
                score = drawn.get(name, {}).get(key.split(" ", 1)[1])
                if score is not None:
                    scores[key] = score
    values = replicates(scores, plan.interval)
    return {key: (values[key], score.stratum) for key, score in scores.items()}


def _part(entry: Aggregate, planned: TaskPlan, task: Mapping[str, Any], drawn: tuple[np.ndarray, str] | None) -> Part:
    label = task["primary"] if entry.metric is None else entry.metric
    value: Value = task["metrics"][label]
    values, strata = (None, frozenset[str]()) if drawn is None else (drawn[0], frozenset([drawn[1]]))
    if entry.rescale == "chance" and value["value"] is not None:
        score = next(score for score in planned.scores if score.label == label)
        assert score.low is not None and score.high is not None
        # Where there is nothing to guess from, a guess gets the low end: 0 of a fraction, the lowest mark of a judge.
        guess = score.low if task["chance"] is None else task["chance"]
        ends = ("value", "low", "high")
        scaled = {key: None if value[key] is None else (value[key] - guess) / (score.high - guess) for key in ends}
        value = {**value, **scaled}
        values = None if values is None else (values - guess) / (score.high - guess)
    return Part(value, values, strata)


def _one(entry: Aggregate, parts: list[Part], interval: Interval) -> Part:
    import numpy as np

    strata = frozenset[str]().union(*(part.strata for part in parts))
    if any(part.value["value"] is None for part in parts):
        return Part({"value": None, "low": None, "high": None}, None, strata)
    if entry.method == "worst":
        sign = 1 if entry.higher_is_better else -1
        worst = min(range(len(parts)), key=lambda index: sign * parts[index].value["value"])
        ends = {key: parts[worst].value[key] for key in ("value", "low", "high")}
        return attrs.evolve(parts[worst], value={**ends, "worst": entry.tasks[worst]})
    shares = _shares(entry, parts)
    value = math.fsum(share * part.value["value"] for share, part in zip(shares, parts, strict=True))
    pairs = [(share, part.drawn) for share, part in zip(shares, parts, strict=True) if part.drawn is not None]
    drawn = np.sum([share * values for share, values in pairs], axis=0) if len(pairs) == len(parts) else None
    if any(part.value["low"] is None for part in parts):
        return Part({"value": value, "low": None, "high": None}, drawn, strata)
    if interval.method == "bootstrap" and drawn is not None:
        bounds = bounds_of(drawn, interval.level)
        low, high = (None, None) if bounds is None else (bounds.low, bounds.high)
        return Part({"value": value, "low": low, "high": high}, drawn, strata)
    together = _correlations(parts)
    below = _combined([s * (p.value["value"] - p.value["low"]) for s, p in zip(shares, parts, strict=True)], together)
    above = _combined([s * (p.value["high"] - p.value["value"]) for s, p in zip(shares, parts, strict=True)], together)
    return Part({"value": value, "low": value - below, "high": value + above}, drawn, strata)


def _combined(distances: Sequence[float], together: Sequence[Sequence[float]]) -> float:
    """How far the end of a sum is off, from how far those of its parts are."""
    terms = (a * b * together[i][j] for i, a in enumerate(distances) for j, b in enumerate(distances))
    return math.sqrt(max(0.0, math.fsum(terms)))


def _correlations(parts: Sequence[Part]) -> list[list[float]]:
    """How far each two parts go together in the draws, from -1 to 1: 0 where they share no stratum.

    Of a part that never varies (all of its rows are right) that cannot be known: 1, which makes the interval the widest.
    """
    import numpy as np

    def of(one: Part, other: Part) -> float:
        if one is other:
            return 1.0
        if one.drawn is None or other.drawn is None or not one.strata & other.strata:
            return 0.0
        both = ~np.isnan(one.drawn) & ~np.isnan(other.drawn)
        a, b = one.drawn[both], other.drawn[both]
        if len(a) < 2 or a.std() == 0 or b.std() == 0:
            return 1.0
        return float(np.corrcoef(a, b)[0, 1])

    return [[of(one, other) for other in parts] for one in parts]


def _shares(entry: Aggregate, parts: list[Part]) -> list[float]:
    """The weight of each part; together 1."""
    if entry.method == "micro":
        raw = [float(part.value["rows"]) for part in parts]
    elif entry.method == "weighted_mean":
        raw = list(entry.weights)
    else:
        raw = [1.0] * len(parts)
    return [weight / sum(raw) for weight in raw]
