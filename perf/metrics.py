"""How long metrics take over a million rows, against the same number written by hand in numpy from the same lists.

    python perf/metrics.py [--rows 1000000] [--rounds 5] [--format json]

Answers come to a metric as Python values, as readers make them, so both sides begin there. What is written by hand knows no
unread rows, no settings and no types: it is what a notebook would do. CPU time, the least of the rounds, both in turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from measuring import arguments, in_turn, show

from medspec.metrics import find_metric
from medspec.metrics.base import Batch
from medspec.types import Box, BoxType, ChoiceType, EnumCase, EnumType

NAMES = ("red", "amber", "green", "blue")


def by_hand_accuracy(answers: list[Any], golds: list[Any]) -> float:
    return float((np.array(answers) == np.array(golds)).mean())


def by_hand_macro_f1(answers: list[Any], golds: list[Any]) -> float:
    mine, theirs = np.array(answers), np.array(golds)
    found = []
    for name in np.unique(np.concatenate([mine, theirs])):
        hits = ((mine == name) & (theirs == name)).sum()
        found.append(2 * hits / ((mine == name).sum() + (theirs == name).sum()))
    return float(np.mean(found))


def by_hand_iou(answers: list[Box], golds: list[Box]) -> float:
    a, b = (np.array([box.numbers for box in boxes]) for boxes in (answers, golds))
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    shared = sides[:, 0] * sides[:, 1]
    areas = [(box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]) for box in (a, b)]
    return float((shared / (areas[0] + areas[1] - shared)).mean())


def cases(rows: int) -> dict[str, tuple[str, Any, list[Any], list[Any], Callable[[list[Any], list[Any]], float]]]:
    """Name -> metric, type, answers, golds, and what a notebook would do."""
    rng = random.Random(0)
    colour = EnumType("Colour", tuple(EnumCase(name, name) for name in NAMES))
    words = [rng.choices(NAMES, k=rows) for _ in range(2)]
    options = [rng.choices(range(5), k=rows) for _ in range(2)]

    def box() -> Box:
        x, y = rng.random() * 900, rng.random() * 900
        return Box((x, y, x + 1 + rng.random() * 99, y + 1 + rng.random() * 99))

    boxes = [[box() for _ in range(rows)] for _ in range(2)]
    return {
        "accuracy, enum": ("accuracy", colour, *words, by_hand_accuracy),
        "accuracy, choice": ("accuracy", ChoiceType("options"), *options, by_hand_accuracy),
        "macro_f1, enum": ("macro_f1", colour, *words, by_hand_macro_f1),
        "macro_f1, choice": ("macro_f1", ChoiceType("options"), *options, by_hand_macro_f1),
        "box_iou": ("box_iou", BoxType("xyxy", "mille", "scan"), *boxes, by_hand_iou),
    }


def measure(rows: int, rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of both, and how many times the one by hand the metric takes."""
    found = {}
    for name, (metric_name, type_, answers, golds, by_hand) in cases(rows).items():
        metric = find_metric(metric_name)
        assert metric is not None
        compute = metric.compute
        compute(Batch(type_, answers[:2], golds[:2]), {})  # not counted: imports
        works = [partial(_own, compute, type_, answers, golds), partial(by_hand, answers, golds)]
        (own, value), (other, expected) = in_turn(works, rounds)
        assert abs(value - expected) < 1e-9, (name, value, expected)
        found[name] = {"ms": own * 1000, "by hand": other * 1000, "times": own / other}
    return found


def _own(compute: Callable[[Batch, dict[str, Any]], float], type_: Any, answers: list[Any], golds: list[Any]) -> float:
    return compute(Batch(type_, answers, golds), {})


def main() -> None:
    given = arguments(__doc__, rows=1_000_000, rounds=5)
    show(f"over {given.rows:,} rows", measure(given.rows, given.rounds), given.format)


if __name__ == "__main__":
    main()
