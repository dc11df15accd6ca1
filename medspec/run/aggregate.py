"""One number over several tasks, from their primary metrics, with an interval.

The interval of a (weighted) mean is put together from those of the tasks, which are independent samples, by the method
of variance estimates recovery: Zou & Donner, Statistics in Medicine 27 (2008) 1693-1702, with the limits of each task
in the place of its variance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from medspec.plan.nodes import Aggregate, Plan


def aggregate(plan: Plan, tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every aggregate of the plan by name, from the `tasks` of a report. A task without a value leaves it without one."""
    weights = {member.task: member.weight for member in plan.members}
    return {entry.name: _one(entry, weights, tasks) for entry in plan.aggregates}


def _one(entry: Aggregate, weights: Mapping[str, float], tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = [tasks[name]["metrics"][tasks[name]["primary"]] for name in entry.tasks]
    result: dict[str, Any] = {
        "method": entry.method,
        "tasks": list(entry.tasks),
        "value": None,
        "low": None,
        "high": None,
    }
    if any(value["value"] is None for value in found):
        return result
    if entry.method == "worst":
        worst = min(range(len(found)), key=lambda index: found[index]["value"])
        return {**result, **{key: found[worst][key] for key in ("value", "low", "high")}, "worst": entry.tasks[worst]}
    raw = [weights[name] if entry.method == "weighted_mean" else 1.0 for name in entry.tasks]
    shares = [weight / sum(raw) for weight in raw]
    result["value"] = math.fsum(share * value["value"] for share, value in zip(shares, found, strict=True))
    if all(value["low"] is not None for value in found):
        below = math.fsum((s * (v["value"] - v["low"])) ** 2 for s, v in zip(shares, found, strict=True))
        above = math.fsum((s * (v["high"] - v["value"])) ** 2 for s, v in zip(shares, found, strict=True))
        result["low"], result["high"] = result["value"] - math.sqrt(below), result["value"] + math.sqrt(above)
    return result
