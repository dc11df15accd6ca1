"""The agreement page: what a judge said beside what people said, as plain values and as text.

judge and people: 100 pairs, 2 of them unread

                    judge
people          no     yes  unread
no              26       4       0
yes              4      66       0

accuracy        0.920   0.860 to 0.970      people with each other 0.950
...
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import attrs

from medspec.plan.nodes import Interval
from medspec.run.agreement.chance import statistics_for
from medspec.run.agreement.measures import correlations
from medspec.run.agreement.raters import LEVELS, Ratings
from medspec.run.agreement.rates import Rate, predicted, rogan_gladen
from medspec.run.agreement.table import Table


@attrs.frozen(kw_only=True)
class Compared:
    """Pairs of labels: what the judge said (None: unread), what people did, and where there is one, a second person.

    `clusters` is the source of each pair, `alone` what the judge said of things nobody judged, `positive` the class whose
    rate is of interest, `ordered` whether the labels are numbers on a scale.
    """

    said: Sequence[Any]
    gold: Sequence[Any]
    second: Sequence[Any] | None = None
    clusters: Sequence[Hashable] | None = None
    alone: Sequence[Any] = ()
    positive: Any = None
    ordered: bool = False


def agreement(given: Compared, interval: Interval) -> dict[str, Any]:
    """Table, statistics with intervals, the human ceiling, and corrected rates, as plain values.

    Numbers that are not whole are measurements: they have no table, and their agreement is a correlation.
    """
    if _measured(given):
        return _of_measurements(given, interval)
    table = Table.of(given.said, given.gold, classes=_classes(given), clusters=given.clusters)
    positive = None if given.positive is None else table.classes.index(given.positive)
    found: dict[str, Any] = {
        "pairs": len(given.gold),
        "unread": sum(one is None for one in given.said),
        "classes": list(table.classes),
        "table": [[int(count) for count in row] for row in table.counts],
        "positive": given.positive,
        "statistics": _statistics(table, positive, given, interval),
    }
    raters = Ratings.of(list(zip(given.said, given.gold, strict=True)), values=table.classes)
    for level in LEVELS if given.ordered else LEVELS[:1]:
        low, high = raters.interval(level, interval)
        found["statistics"][f"alpha_{level}"] = {"value": raters.alpha(level), "low": low, "high": high}
    if given.second is not None:
        found["people"] = _people(given, table.classes, positive)
    if given.positive is not None:
        found["rates"] = _rates(given, interval)
    return found


def _measured(given: Compared) -> bool:
    return given.ordered and any(one is not None and one != int(one) for one in (*given.said, *given.gold))


def _of_measurements(given: Compared, interval: Interval) -> dict[str, Any]:
    found: dict[str, Any] = {
        "pairs": len(given.gold),
        "unread": sum(one is None for one in given.said),
        "classes": [],
        "table": [],
        "positive": None,
        "statistics": correlations(given.said, given.gold, given.clusters, interval),
    }
    if given.second is not None:
        pairs = correlations(given.second, given.gold, given.clusters, attrs.evolve(interval, resamples=1))
        found["people"] = {name: one["value"] for name, one in pairs.items()}
    return found


def _classes(given: Compared) -> tuple[Any, ...]:
    labels = {*given.gold, *(one for one in (*given.said, *(given.second or ()), *given.alone) if one is not None)}
    return tuple(sorted(labels) if given.ordered else sorted(labels, key=str))


def _statistics(table: Table, positive: int | None, given: Compared, interval: Interval) -> dict[str, Any]:
    found = {}
    for name, statistic in statistics_for(table, positive=positive, ordered=given.ordered).items():
        low, high = table.interval(statistic, interval)
        found[name] = {"value": table.value(statistic), "low": low, "high": high}
    return found


def _people(given: Compared, classes: tuple[Any, ...], positive: int | None) -> dict[str, Any]:
    """The same statistics of two people with each other, where both said something."""
    assert given.second is not None
    pairs = [(one, other) for one, other in zip(given.second, given.gold, strict=True) if one is not None]
    if not pairs:
        return {}
    table = Table.of([one for one, _ in pairs], [other for _, other in pairs], classes=classes)
    statistics = statistics_for(table, positive=positive, ordered=given.ordered)
    return {"pairs": len(pairs), **{name: table.value(statistic) for name, statistic in statistics.items()}}


def _rates(given: Compared, interval: Interval) -> dict[str, Any]:
    """How often the positive class is said, and how often it would be by people."""
    read = [(one == given.positive, other == given.positive) for one, other in zip(given.said, given.gold, strict=True)]
    alone = [float(one == given.positive) for one in given.alone if one is not None]
    positives, negatives = [s for s, g in read if g], [s for s, g in read if not g]
    raw = alone or [float(one) for one, _ in read]
    corrected = rogan_gladen(
        int(sum(raw)),
        len(raw),
        hits=sum(positives),
        positives=len(positives),
        passes=sum(not one for one in negatives),
        negatives=len(negatives),
        level=interval.level,
    )
    found: dict[str, Any] = {"rows": len(raw), "judge": sum(raw) / len(raw), "rogan_gladen": _plain(corrected)}
    labels, beside = [float(gold) for _, gold in read], [float(said) for said, _ in read]
    found["predicted"] = _plain(predicted(labels, beside, alone, level=interval.level))
    return found


def _plain(rate: Rate | None) -> dict[str, Any] | None:
    return None if rate is None else attrs.asdict(rate)


def agreement_text(found: dict[str, Any]) -> str:
    """The page for people."""
    unread = f", {found['unread']:,} of them unread" if found["unread"] else ""
    table = ["", *_table_lines(found)] if found["classes"] else []
    lines = [f"judge and people: {found['pairs']:,} pairs{unread}", *table, ""]
    people = found.get("people", {})
    for name, one in found["statistics"].items():
        line = f"{name:<18}{_number(one['value']):>7}"
        if one["low"] is not None:
            line += f"   {one['low']:.3f} to {one['high']:.3f}"
        if people.get(name) is not None:
            line += f"   people with each other {people[name]:.3f}"
        lines.append(line)
    if "rates" in found:
        lines += ["", *_rate_lines(found)]
    return "\n".join(lines)


def _table_lines(found: dict[str, Any]) -> list[str]:
    heads = [str(name) for name in found["classes"]] + (["unread"] if found["unread"] else [])
    rows = [row if found["unread"] else row[:-1] for row in found["table"]]
    left = max(len("people"), *(len(str(name)) for name in found["classes"]))
    widths = [max(len(head), *(len(f"{row[place]:,}") for row in rows)) + 2 for place, head in enumerate(heads)]
    lines = [
        " " * left + "  judge".rjust(widths[0] + 2),
        "people".ljust(left) + "".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)),
    ]
    for name, row in zip(found["classes"], rows, strict=True):
        cells = "".join(f"{count:,}".rjust(width) for count, width in zip(row, widths, strict=True))
        lines.append(str(name).ljust(left) + cells)
    return lines


def _rate_lines(found: dict[str, Any]) -> list[str]:
    rates = found["rates"]
    lines = [f"share of `{found['positive']}` over {rates['rows']:,} rows"]
    lines.append(f"{'as the judge says':<18}{rates['judge']:>7.3f}")
    for key, name in (("rogan_gladen", "Rogan-Gladen"), ("predicted", "prediction-powered")):
        one = rates[key]
        if one is not None:
            clipped = ", clipped" if one["clipped"] else ""
            lines.append(f"{name:<18}{one['value']:>7.3f}   {one['low']:.3f} to {one['high']:.3f}{clipped}")
    return lines


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
