"""One number over several scores, with an interval.

The interval of a (weighted) mean is put together from those of its parts, which are independent samples, by the method
of variance estimates recovery: Zou & Donner, Statistics in Medicine 27 (2008) 1693-1702, with the limits of each part
in the place of its variance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from medspec.plan.nodes import Aggregate, Plan

Value = dict[str, Any]
"""`value`, `low` and `high`, each a number or None, and `rows`."""


def aggregate(plan: Plan, tasks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every aggregate of the plan by name, from the `tasks` of a report. A part without a value leaves it without one."""
    found: dict[str, dict[str, Any]] = {}
    for entry in plan.aggregates:
        parts = [found[name] if name in found else _part(entry, tasks[name]) for name in entry.tasks]
        found[entry.name] = {"method": entry.method, "tasks": list(entry.tasks), **_one(entry, parts)}
    return found


def _part(entry: Aggregate, task: Mapping[str, Any]) -> Value:
    value: Value = task["metrics"][task["primary"] if entry.metric is None else entry.metric]
    if entry.rescale != "chance" or value["value"] is None:
        return value
    chance = task["chance"]
    return {
        **value,
        **{
            key: None if value[key] is None else (value[key] - chance) / (1 - chance)
            for key in ("value", "low", "high")
        },
    }


def _one(entry: Aggregate, parts: list[Value]) -> Value:
    if any(part["value"] is None for part in parts):
        return {"value": None, "low": None, "high": None}
    if entry.method == "worst":
        sign = 1 if entry.higher_is_better else -1
        worst = min(range(len(parts)), key=lambda index: sign * parts[index]["value"])
        return {**{key: parts[worst][key] for key in ("value", "low", "high")}, "worst": entry.tasks[worst]}
    shares = _shares(entry, parts)
    value = math.fsum(share * part["value"] for share, part in zip(shares, parts, strict=True))
    if any(part["low"] is None for part in parts):
        return {"value": value, "low": None, "high": None}
    below = math.fsum((s * (p["value"] - p["low"])) ** 2 for s, p in zip(shares, parts, strict=True))
    above = math.fsum((s * (p["high"] - p["value"])) ** 2 for s, p in zip(shares, parts, strict=True))
    return {"value": value, "low": value - math.sqrt(below), "high": value + math.sqrt(above)}


def _shares(entry: Aggregate, parts: list[Value]) -> list[float]:
    """The weight of each part; together 1."""
    if entry.method == "micro":
        raw = [float(part["rows"]) for part in parts]
    elif entry.method == "weighted_mean":
        raw = list(entry.weights)
    else:
        raw = [1.0] * len(parts)
    return [weight / sum(raw) for weight in raw]
