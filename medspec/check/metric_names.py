"""Metrics that are written without their name, or without the name they are given: told once, where it is missing.

Newlines mean nothing, so what is left is read as two metrics.

    primary on label as f1            `on` and `label`
    box_map as    set_f1 on label     a `box_map` that is called `set_f1`, then `on` and `label`
"""

from __future__ import annotations

from medspec.check.scope import Scope
from medspec.metrics import find_metric
from medspec.syntax import tree

_AFTER_A_METRIC = ("on", "as")


def named_entries(node: tree.Metrics, scope: Scope) -> tuple[tree.MetricNode, ...]:
    """The metrics that have a name; E0101 for each that has none, which is left out with the word it swallowed."""
    kept: list[tree.MetricNode] = []
    waiting = list(node.entries)
    while waiting:
        entry, *waiting = waiting
        word = entry.metric.path.dotted
        if word not in _AFTER_A_METRIC or entry.metric.arguments is not None or word in scope.module.imports:
            kept.append(entry)
            continue
        _report(word, entry, kept[-1] if kept else None, scope)
        waiting = waiting[1:]
    return tuple(kept)


def _report(word: str, entry: tree.MetricNode, before: tree.MetricNode | None, scope: Scope) -> None:
    place = entry.metric.path.place
    if before is not None and before.label is not None and find_metric(before.label.name) is not None:
        metric = before.metric.place.text
        title = f"expected the name of `{metric}` after `as`"
        label = (before.label.place, "read as its name, so that a metric is missing here")
        scope.report.add("E0101", title, label, helps=[f"write `{metric} as other_name`, or leave `as` out"])
        return
    scope.report.add("E0101", f"expected a metric before `{word}`", (place, f"found `{word}`"))
