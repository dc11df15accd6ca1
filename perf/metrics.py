"""How long metrics take over a million rows, against the same number written by hand in numpy from the same lists.

    python perf/metrics.py [--rows 1000000] [--rounds 5] [--format json]

Answers come to a metric as Python values, as readers make them, so both sides begin there. What is written by hand knows no
unread rows, no settings and no types: it is what a notebook would do. Medians of rounds in which both are run in turn.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

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


def seconds_of(work: Callable[[], float]) -> tuple[float, float]:
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def measure(rows: int, rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of both, and how many times the one by hand the metric takes."""
    found = {}
    for name, (metric_name, type_, answers, golds, by_hand) in cases(rows).items():
        metric = find_metric(metric_name)
        assert metric is not None
        metric.compute(Batch(type_, answers[:2], golds[:2]), {})  # not counted: imports
        ours, theirs = [], []
        for _ in range(rounds):
            taken, value = seconds_of(lambda m=metric, b=(type_, answers, golds): m.compute(Batch(*b), {}))  # type: ignore[misc]
            ours.append(taken)
            taken, expected = seconds_of(lambda f=by_hand, a=answers, g=golds: f(a, g))  # type: ignore[misc]
            theirs.append(taken)
            assert abs(value - expected) < 1e-9, (name, value, expected)
        own, other = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
        found[name] = {"milliseconds": own, "by hand": other, "times": own / other}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    given = parser.parse_args()
    found = measure(given.rows, given.rounds)
    if given.format == "json":
        print(json.dumps(found, indent=2))
        return
    print(f"{'over ' + format(given.rows, ',') + ' rows':<22} {'ms':>8} {'by hand':>8} {'times':>6}")
    for name, row in found.items():
        print(f"{name:<22} {row['milliseconds']:>8.0f} {row['by hand']:>8.0f} {row['times']:>6.1f}")


if __name__ == "__main__":
    main()
