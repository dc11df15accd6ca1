"""Two runs on the same rows: how far their scores differ, and whether the rows can tell.

Rows are drawn together for both runs (clusters where they are declared), so what is resampled is the difference. Per row right or
wrong, the p is McNemar's exact one; elsewhere it is that of the paired bootstrap. It is corrected for the number of tasks by Holm.

Runs that measured different things are refused: rows, prompts, readers and metrics must agree. How a model samples may differ
where the models do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from medspec.errors import UsageError
from medspec.plan.nodes import Aggregate, Interval
from medspec.plan.state import state_of_plan
from medspec.run.aggregate import aggregate_parts, drawn_key
from medspec.run.intervals import bounds_of, clustered_variance
from medspec.run.jointly import Drawn, replicates
from medspec.run.significance import bootstrap_p, holm, mcnemar, smallest_difference
from medspec.run.stored import StoredRun, drawn_score, ids_of, row_values, score_of

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
    names = [name for name in one.report["tasks"] if name in other.report["tasks"]]
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
        unpaired=tuple(sorted(set(one.report["tasks"]) ^ set(other.report["tasks"]))),
        remarks=tuple(_remarks(one, other, names)),
    )


def refuse_different(one: StoredRun, other: StoredRun, names: list[str]) -> None:
    """Raise `UsageError` with everything in which the runs differ and must not."""
    faults = [fault for name in names for fault in _faults(one, other, name)]
    if faults:
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise UsageError(f"the runs measured different things:\n{lines}")


def _faults(one: StoredRun, other: StoredRun, name: str) -> Iterator[str]:
    mine, theirs = one.report["tasks"][name], other.report["tasks"][name]
    before, after = state_of_plan(one.plan).tasks[name], state_of_plan(other.plan).tasks[name]
    if mine["data"]["sha256"] != theirs["data"]["sha256"]:
        yield f"{name}: data {mine['data']['sha256'][:12]} and {theirs['data']['sha256'][:12]}"
    elif ids_of(one, name) != ids_of(other, name):
        yield f"{name}: {mine['rows']:,} rows and {theirs['rows']:,} rows; runs with different `--limit` have different rows"
    if mine["score_hash"] != theirs["score_hash"]:
        why = ", ".join(part for part in before.score if before.score[part] != after.score.get(part))
        yield f"{name}: score hash {mine['score_hash']} and {theirs['score_hash']} ({why or 'made by another version'})"
    parts = [part for part in before.call if before.call[part] != after.call.get(part)]
    # How a model draws may be its own; everything else that is sent may not.
    wrong = [part for part in parts if part != "decode" or _same_model(one, other)]
    if wrong:
        yield f"{name}: call hash {mine['call_hash']} and {theirs['call_hash']} ({', '.join(wrong)})"


def _same_model(one: StoredRun, other: StoredRun) -> bool:
    return bool(one.report["model"]["digest"] == other.report["model"]["digest"])


def _remarks(one: StoredRun, other: StoredRun, names: list[str]) -> Iterator[str]:
    for name in names:
        mine, theirs = one.report["tasks"][name], other.report["tasks"][name]
        if mine["call_hash"] != theirs["call_hash"]:
            yield f"{name}: the models sample differently (decode)"
        if mine["draws"] != theirs["draws"]:
            yield f"{name}: {mine['draws']} and {theirs['draws']} draws for each row"
    if _same_model(one, other):
        yield "both runs are of the same model"


def _tasks(run: StoredRun) -> str:
    return f"{run.folder} has {', '.join(run.report['tasks'])}"


def _label(run: StoredRun, task: str, metric: str | None) -> str | None:
    labels = run.report["tasks"][task]["metrics"]
    label: str = run.report["tasks"][task]["primary"] if metric is None else metric
    return label if label in labels else None


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

    mine, theirs = (run.report["tasks"][name]["metrics"][label] for run in (one, other))
    clusters = (one.report["tasks"][name].get("clusters") or {}).get("count")
    found = _difference(name, label, mine["value"], theirs["value"], values, f"{name} {label}", interval)
    found = attrs.evolve(
        found,
        rows=one.report["tasks"][name]["rows"],
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
        mine_, theirs = (run.report["aggregates"][entry.name]["value"] for run in (one, other))
        both = all(f"{side} {entry.name}" in drawn_parts for side in ("one", "other"))
        found = _difference(entry.name, None, mine_, theirs, drawn_parts if both else {}, entry.name, interval)
        yield attrs.evolve(found, higher_is_better=entry.higher_is_better)
