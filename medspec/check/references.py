"""Published figures: `reference "GPT-4" { accuracy = 0.812  source = "..." }`, shown beside what is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medspec.check.arguments import ABSENT, Rule, read_value
from medspec.check.scope import report_twice, settings_of
from medspec.metrics.base import Range
from medspec.plan.nodes import Reference
from medspec.syntax import tree
from medspec.text.diagnostic import Report

_SOURCE = Rule("source", "text")


def read_references(
    nodes: Iterable[tree.Reference], ranges: Mapping[str, Range], where: str, report: Report
) -> tuple[Reference, ...]:
    """The figures that stand with a task or a suite. `ranges` are what can be referred to, by name in reports."""
    found: dict[str, Reference] = {}
    places: dict[str, tree.Reference] = {}
    for node in nodes:
        name = node.name.text
        if name in places:
            report_twice(f'reference "{name}"', where, places[name].name.place, node.name.place, report)
            continue
        places[name] = node
        settings = settings_of(node.settings, (*ranges, "source"), f"the reference `{name}`", report)
        source = read_value(settings["source"].value, _SOURCE, report) if "source" in settings else None
        if source is None:
            helps = ['write `source = "where the figure stands"`']
            report.add("E0210", f"the reference `{name}` has no `source`", node.name.place, helps=helps)
        figures = []
        for label, setting in settings.items():
            if label == "source":
                continue
            value = read_value(setting.value, Rule(label, "float"), report)
            if value is not ABSENT and _fits(label, value, ranges[label], setting, report):
                figures.append((label, value))
        if source is not None and source is not ABSENT:
            found[name] = Reference(name=name, figures=tuple(figures), source=source)
    return tuple(found.values())


def _fits(label: str, value: float, yields: Range, setting: tree.Setting, report: Report) -> bool:
    low, high = yields.low, yields.high
    if (low is None or value >= low) and (high is None or value <= high):
        return True
    is_percent = low == 0.0 and high == 1.0 and 1 < value <= 100
    report.add(
        "E0508",
        f"{setting.value.place.text} is no possible value of `{label}`",
        (
            setting.value.place,
            f"its values lie between {low:g} and {high:g}" if low is not None and high is not None else "",
        ),
        helps=[f"write per cent as a fraction: `{label} = {value / 100:.6g}`"] if is_percent else [],
    )
    return False
