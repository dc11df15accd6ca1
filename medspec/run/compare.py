"""Two runs on the same rows: how far their scores differ, and whether the rows can tell.

Rows are drawn together for both runs (clusters where they are declared), so what is resampled is the difference. Per row right or
wrong, the p is McNemar's exact one; elsewhere it is that of the paired bootstrap. It is corrected for the number of tasks by Holm.

Runs that measured different things are refused, see `comparable.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from medspec.errors import UsageError
from medspec.plan.nodes import Aggregate, Interval
from medspec.run.aggregate import aggregate_parts, drawn_key
from medspec.run.comparable import refuse_different, remarks
from medspec.run.intervals import bounds_of, clustered_variance
from medspec.run.jointly import Drawn, replicates
from medspec.run.significance import bootstrap_p, holm, mcnemar, smallest_difference
from medspec.run.stored import StoredRun, drawn_score, row_values, score_of

if TYPE_CHECKING:
    import numpy as np


@attrs.frozen(kw_only=True)
class Difference:
    """`other` minus `one` of a task's metric, or of an aggregate (then `metric` is None).

    `test` is `mcnemar`, `bootstrap` or None; `corrected` is `p` after Holm, None for aggregates. `smallest` is the smallest
    difference that rows like these would show four times in five.
    """

    name: str
    metric: str | None
    rows: int | None
    one: float | None
    other: float | None
    value: float | None
    low: float | None = None
    high: float | None = None
    test: str | None = None
    p: float | None = None
    corrected: float | None = None
    smallest: float | None = None
    higher_is_better: bool = True
    clusters: int | None = None


@attrs.frozen(kw_only=True)
class Comparison:
    """All differences; `unpaired` are tasks that only one of the runs has, `remarks` what may differ and does."""

    tasks: tuple[Difference, ...]
    aggregates: tuple[Difference, ...]
    interval: Interval
    unpaired: tuple[str, ...]
    remarks: tuple[str, ...]


def compare(one: StoredRun, other: StoredRun, *, metric: str | None = None, resamples: int = 5000) -> Comparison:
    """The differences of two runs. `metric` is the label to compare where it is not each task's primary one.

    Raises `UsageError` where the runs have no task in common or measured different things.
    """
    names = [name for name in one.result.tasks if name in other.result.tasks]
    if not names:
        raise UsageError(f"the runs have no task in common: {_tasks(one)} and {_tasks(other)}")
    refuse_different(one, other, names)
    labels = {name: label for name in names if (label := _label(one, name, metric)) is not None}
    if not labels:
        raise UsageError(f"no task that both runs have has a metric `{metric}`")
    interval = attrs.evolve(one.plan.interval, resamples=resamples)
    aggregates = _shared_aggregates(one, other) if metric is None else []
    drawn = _drawn(one, other, labels, aggregates)
    values = replicates(drawn, interval)
    tasks = [_task(one, other, name, label, values, drawn, interval) for name, label in labels.items()]
    tested = [place for place, task in enumerate(tasks) if task.p is not None]
    corrected = holm([tasks[place].p or 0.0 for place in tested])
    for place, p in zip(tested, corrected, strict=True):
        tasks[place] = attrs.evolve(tasks[place], corrected=p)
    return Comparison(
        tasks=tuple(tasks),
        aggregates=tuple(_aggregates(one, other, aggregates, values, drawn, interval)),
        interval=interval,
        unpaired=tuple(sorted(set(one.result.tasks) ^ set(other.result.tasks))),
        remarks=tuple(remarks(one, other, names)),
    )


def _tasks(run: StoredRun) -> str:
    return f"{run.folder} has {', '.join(run.result.tasks)}"


def _label(run: StoredRun, task: str, metric: str | None) -> str | None:
    entry = run.result.tasks[task]
    label = entry.primary if metric is None else metric
    return label if label in entry.metrics else None


def _shared_aggregates(one: StoredRun, other: StoredRun) -> list[Aggregate]:
    """Aggregates that both runs define alike; what one is made of must be alike too."""
    theirs = {entry.name: attrs.evolve(entry, interval=None) for entry in other.plan.aggregates}
    alike: list[Aggregate] = []
    for entry in one.plan.aggregates:
        inner = {a.name for a in one.plan.aggregates} & set(entry.tasks)
        if attrs.evolve(entry, interval=None) == theirs.get(entry.name) and inner <= {a.name for a in alike}:
            alike.append(entry)
    return alike


def _drawn(one: StoredRun, other: StoredRun, labels: dict[str, str], aggregates: list[Aggregate]) -> dict[str, Drawn]:
    """Every score that is compared, of both runs, ready to be drawn together: by run, task and metric."""
    wanted = dict.fromkeys(f"{name} {label}" for name, label in labels.items())
    for entry in aggregates:
        tasks = one.report["tasks"]
        wanted.update(dict.fromkeys(drawn_key(entry, name, tasks) for name in entry.tasks if name in tasks))
    found = {}
    for key in wanted:
        name, label = key.split(" ", 1)
        both = [drawn_score(run, name, label) for run in (one, other)]
        if both[0] is not None and both[1] is not None:
            found[f"one {key}"], found[f"other {key}"] = both[0], both[1]
    return found


def _task(
    one: StoredRun,
    other: StoredRun,
    name: str,
    label: str,
    values: dict[str, np.ndarray],
    drawn: dict[str, Drawn],
    interval: Interval,
) -> Difference:
    import numpy as np

    entry = one.result.tasks[name]
    mine, theirs = (run.result.tasks[name].metrics[label].value for run in (one, other))
    clusters = None if entry.clusters is None else entry.clusters.count
    found = _difference(name, label, mine, theirs, values, f"{name} {label}", interval)
    found = attrs.evolve(
        found,
        rows=entry.rows,
        clusters=clusters,
        higher_is_better=score_of(one, name, label).higher_is_better,
    )
    pair = [row_values(run, name, label) for run in (one, other)]
    if pair[0] is None or pair[1] is None or found.value is None or f"one {name} {label}" not in drawn:
        return found
    counted = ~np.isnan(pair[0]) & ~np.isnan(pair[1])
    a, b = pair[0][counted], pair[1][counted]
    if counted.all() and len(a):
        groups = drawn[f"one {name} {label}"].clusters
        variance = clustered_variance(b - a, None if groups is None else groups.codes)
        # Rows that never differ say nothing about how far they might.
        if variance > 0:
            found = attrs.evolve(found, smallest=smallest_difference(variance**0.5, interval.level))
    if clusters is None and counted.all() and set(np.unique(np.concatenate([a, b]))) <= {0.0, 1.0}:
        p = mcnemar(int(((a == 1) & (b == 0)).sum()), int(((a == 0) & (b == 1)).sum()))
        found = attrs.evolve(found, test="mcnemar", p=p)
    return found


def _difference(
    name: str,
    label: str | None,
    one: float | None,
    other: float | None,
    values: dict[str, np.ndarray],
    key: str,
    interval: Interval,
) -> Difference:
    import numpy as np

    if one is None or other is None:
        return Difference(name=name, metric=label, rows=None, one=one, other=other, value=None)
    found = Difference(name=name, metric=label, rows=None, one=one, other=other, value=other - one)
    if f"one {key}" not in values:
        return found
    drawn = values[f"other {key}"] - values[f"one {key}"]
    drawn = drawn[~np.isnan(drawn)]
    bounds = bounds_of(drawn, interval.level)
    if bounds is None:
        return found
    error = float(drawn.std(ddof=1)) if len(drawn) > 1 else 0.0
    smallest = smallest_difference(error, interval.level) if error > 0 else None
    p = bootstrap_p(drawn)
    return attrs.evolve(found, low=bounds.low, high=bounds.high, test="bootstrap", p=p, smallest=smallest)


def _aggregates(
    one: StoredRun,
    other: StoredRun,
    shared: list[Aggregate],
    values: dict[str, np.ndarray],
    drawn: dict[str, Drawn],
    interval: Interval,
) -> Iterator[Difference]:
    drawn_parts: dict[str, np.ndarray] = {}
    for side, run in (("one", one), ("other", other)):
        plan = attrs.evolve(run.plan, aggregates=tuple(shared))
        mine = {
            key.split(" ", 1)[1]: (array, drawn[key].stratum) for key, array in values.items() if key.startswith(side)
        }
        for name, part in aggregate_parts(plan, run.report["tasks"], mine).items():
            if part.drawn is not None:
                drawn_parts[f"{side} {name}"] = part.drawn
    for entry in shared:
        mine_, theirs = (run.result.aggregates[entry.name].value for run in (one, other))
        both = all(f"{side} {entry.name}" in drawn_parts for side in ("one", "other"))
        found = _difference(entry.name, None, mine_, theirs, drawn_parts if both else {}, entry.name, interval)
        yield attrs.evolve(found, higher_is_better=entry.higher_is_better)
