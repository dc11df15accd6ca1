"""Runs a plan: reads the rows, asks the model, scores, and leaves everything in the run's folder.

    runs/<id>/  run.json  plan.json  environment.json  journal.sqlite  rows.parquet  scores.json  report.json
                verdicts.jsonl  queue.jsonl  answers.jsonl     where judges are asked, see `judging/`

All data are read and checked before the model is asked anything. A run that was stopped goes on when the same plan is
run into the same folder again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Backend, Options, lasting
from medspec.errors import Interrupted, StoreError
from medspec.plan.form import digest, plain, to_json
from medspec.plan.hash import plan_hash
from medspec.plan.judge_nodes import Dialect
from medspec.plan.nodes import Plan, TaskPlan
from medspec.run.aggregate import aggregate
from medspec.run.asking import ask, askings
from medspec.run.bind import bind, shown_fields
from medspec.run.bound import Bound
from medspec.run.calls import Caller, Watch
from medspec.run.encoders import Encoders, encoder_warnings, encoders_report, open_encoders
from medspec.run.environment import environment
from medspec.run.folder import RunRecord, kept_roots, plan_of
from medspec.run.journal import Journal
from medspec.run.judging.bench import Bench, Judges, open_bench, refuse_judges
from medspec.run.judging.calibrate import calibrate, mark_below_floor
from medspec.run.judging.models import NoJudges, record_judges
from medspec.run.judging.values import Rule
from medspec.run.lock_images import digest_over, image_fields
from medspec.run.quarantine import write_quarantine
from medspec.run.roots import DataRoots
from medspec.run.row_lines import write_rows
from medspec.run.score_key import aggregates_key
from medspec.run.shared_replies import OtherRuns
from medspec.run.shared_scores import Scored, SharedScores
from medspec.run.shots import content_digest
from medspec.run.spool import Budget
from medspec.run.tasks import TaskResult, finish_task
from medspec.run.whole_files import remove_parts, write_json, write_whole
from medspec.types.image import sizes_from

FORMAT = 1
"""The number of the report's format; see docs/report.schema.json."""


class Unwatched:
    """Nobody looks on."""

    def start(self, task: str, total: int) -> None: ...

    def advance(self, count: int = 1) -> None: ...

    def finish(self) -> None: ...


def execute(
    plan: Plan,
    backend: Backend,
    *,
    model: str,
    out: Path,
    roots: DataRoots,
    limit: int | None = None,
    watch: Watch | None = None,
    bound: Bound | None = None,
    options: Options | None = None,
    others: OtherRuns | None = None,
    judges: Judges | None = None,
    encoders: Encoders | None = None,
    keep_going: bool = False,
) -> dict[str, Any]:
    """Run `plan` into the folder `out` and return the report, which is `report.json` as plain values.

    `model` is the name the model was asked for by, with its `options`; `limit` the largest number of rows per split.
    `bound`: data that are at hand already (`invent.py`); `others`: replies of other runs; `judges`: models, if any are asked;
    `encoders`: those of the metrics, where they are not to be looked for under `roots`.
    With `keep_going` rows that cannot be used go to `quarantine.jsonl` and are counted.
    Raises `DataError` before anything is asked, `StoreError` when the folder cannot be used, `Interrupted` on Ctrl-C.
    """
    watch, clock = watch or Unwatched(), time.monotonic()
    bound = bound or bind(plan, roots, limit=limit, images=backend.abilities.opens_images, keep_going=keep_going)
    refuse_judges(bound.plan, backend, judges := judges or NoJudges())
    encoders = encoders or open_encoders(plan, roots, options or Options())
    _refuse_other_plan(out, plan)
    with Journal.open(out) as journal:
        # Once more, now that nobody else can write here.
        _refuse_other_plan(out, plan)
        remove_parts(out)
        asked = record_judges(bound.plan, judges)
        record = _record(backend, model, options, roots, limit, out, others, asked, keep_going)
        _begin(out, plan, record, surroundings := environment())
        caller = Caller(backend, journal, watch, others)
        shared = SharedScores.beside(out, others, {**surroundings, "judges": record.judges})
        bench = open_bench(bound.plan, judges, journal, watch, out, others)
        try:
            calibrations = calibrate(bound, bench)
            results = _results(bound, caller, bench.rule, encoders, shared)
        except KeyboardInterrupt:
            raise _interrupted(bound, len(journal), out) from None
        finally:
            watch.finish()
        report = _head(plan, backend, record, bound, clock, encoder_warnings(encoders)) | encoders_report(encoders)
        report |= _numbers(plan, results, caller, bench, calibrations, shared) | {"environment": surroundings}
        _keep(out, bound, results, bench, shared, report)
    return report


def _keep(
    out: Path,
    bound: Bound,
    results: Mapping[str, TaskResult],
    bench: Bench,
    shared: SharedScores,
    report: Mapping[str, Any],
) -> None:
    """Write the results into the run's folder, the report last: where it stands, the run has ended."""
    write_quarantine(out, (row for rows in bound.rows.values() for row in rows.quarantined))
    write_whole(out / "rows.parquet", lambda stream: write_rows([result.lines for result in results.values()], stream))
    bench.keep(out, [line for result in results.values() for line in result.verdicts])
    shared.write()
    write_json(out / "report.json", report)


def _numbers(
    plan: Plan,
    results: Mapping[str, TaskResult],
    caller: Caller,
    bench: Bench,
    calibrations: Mapping[str, Any],
    shared: SharedScores,
) -> dict[str, Any]:
    """What came of it."""
    tasks = {name: result.report for name, result in results.items()}
    mark_below_floor(plan, tasks, calibrations)
    sources = dict(sorted(caller.sources.items()))

    def over_tasks() -> Scored:
        return Scored(aggregate(plan, tasks, {name: result.drawn() for name, result in results.items()}))

    aggregates = shared.scored(aggregates_key(plan, shared.keys), "", over_tasks) if plan.aggregates else Scored({})
    return {
        "calls": {"asked": caller.asked, "reused": caller.reused, "sources": sources, **bench.costs()},
        **bench.report(calibrations),
        **({"scores": {"sources": shared.sources}} if shared.sources else {}),
        "tasks": tasks,
        "aggregates": aggregates.told,
    }


def _begin(out: Path, plan: Plan, record: RunRecord, surroundings: Mapping[str, Any]) -> None:
    """Write what says which run this is. `run.json` is the last: where it stands, all that `resume` needs is there."""
    write_whole(out / "plan.json", to_json(plan).encode())
    write_json(out / "environment.json", {**surroundings, "model": {**record.described, **spoken(plan.dialect)}})
    attrs.evolve(record, plan=plan_hash(plan)).write(out)


def _record(
    backend: Backend,
    model: str,
    options: Options | None,
    roots: DataRoots,
    limit: int | None,
    out: Path,
    others: OtherRuns | None,
    judges: Mapping[str, Any],
    keep_going: bool,
) -> RunRecord:
    """How this run is started; a run that goes on keeps the time it began."""
    try:
        started = RunRecord.read(out).started
    except StoreError:
        started = datetime.now(UTC).isoformat(timespec="seconds")
    return RunRecord(
        model=model,
        digest=backend.digest,
        by_row=backend.abilities.by_row,
        opens_images=backend.abilities.opens_images,
        described=backend.describe(),
        started=started,
        folder=str(Path.cwd()),
        options={} if options is None else attrs.asdict(options),
        data=kept_roots(roots),
        limit=limit,
        fresh=others is None,
        judges=judges,
        keep_going=keep_going,
    )


def _head(
    plan: Plan, backend: Backend, record: RunRecord, bound: Bound, clock: float, noticed: list[str]
) -> dict[str, Any]:
    """What the report says of plan and model, and of the run as a whole."""
    return {
        "format": FORMAT,
        "suite": plan.suite if plan.version is None else f"{plan.suite}@{plan.version}",
        "title": plan.title,
        "model": {
            **lasting(backend.describe()),
            "name": record.model,
            "digest": backend.digest,
            **spoken(plan.dialect),
        },
        "plan": plan_hash(plan),
        "references": {r.name: {**dict(r.figures), "source": r.source} for r in plan.references},
        "interval": {key: value for key, value in plain(plan.interval).items() if key != "kind"},
        "started": record.started,
        "seconds": round(time.monotonic() - clock, 3),
        "limit": record.limit,
        "warnings": [*bound.warnings, *noticed],
    }


def spoken(dialect: Dialect | None) -> dict[str, Any]:
    """What is said of the dialect: its name, its hash, and every setting that is not as without it."""
    if dialect is None:
        return {}
    settings = {key: entry for key, entry in plain(dialect).items() if key not in ("kind", "name")}
    usual = plain(Dialect(name=dialect.name))
    changed = {key: entry for key, entry in settings.items() if entry != usual.get(key)}
    return {"dialect": {"name": dialect.name, "hash": digest(dialect), **changed}}


def _interrupted(bound: Bound, kept: int, out: Path) -> Interrupted:
    plan = bound.plan
    total = sum(len(bound.rows[plan.render(call.render).scan].rows) * call.repeats for call in plan.calls)
    return Interrupted(
        f"stopped: {kept:,} replies of about {total:,} are kept in {out}; `medspec resume {out}` goes on from there"
    )


def _results(
    bound: Bound, caller: Caller, judge: Rule, encoders: Encoders, shared: SharedScores
) -> dict[str, TaskResult]:
    with sizes_from(bound.sizes):
        return _asked(bound, caller, judge, encoders, shared)


def _asked(
    bound: Bound, caller: Caller, judge: Rule, encoders: Encoders, shared: SharedScores
) -> dict[str, TaskResult]:
    abilities = caller.backend.abilities
    asked_as = getattr(caller.backend, "asked_as", bound.plan)
    bound = attrs.evolve(bound, constrain=abilities.constrain, forms=asked_as if abilities.needs_form else None)
    plan = bound.plan
    results: dict[str, TaskResult] = {}
    budget = Budget()  # one for all: replies are kept until the lines of every task are written
    for asking in askings(plan, by_row=abilities.by_row or abilities.needs_form):
        rows = bound.rows[plan.render(asking.calls[0].call.render).scan]
        total = sum(len(rows.rows) * asked.call.repeats for asked in asking.calls)
        caller.watch.start(", ".join(task.name for task in asking.tasks), total)
        found = ask(bound, caller, asking, budget)
        caller.watch.finish()
        for asked, replies in zip(asking.calls, found, strict=True):
            render = plan.render(asked.call.render)
            for task in asked.tasks:
                result = finish_task(plan, task, rows, replies, plan.interval_of(task), judge, encoders, shared)
                picked = bound.shots.get(render.id)
                if picked is not None and render.shots is not None:
                    fields = {*shown_fields(render), render.shots.gold}
                    result.report["shots_sha256"] = content_digest(picked, sorted(fields))
                # Ids of private rows may be those of patients.
                if picked is not None and render.shots is not None and not plan.scan(render.shots.scan).private:
                    result.report["shots"] = list(picked.ids)
                if (images := _shown_images(bound, task)) is not None:
                    result.report["data"]["images"] = images
                # What the bootstrap of aggregates needs is several numbers for each row.
                results[task.name] = result if plan.aggregates else attrs.evolve(result, drawn=dict)
    return {task.name: results[task.name] for task in plan.tasks}


def _shown_images(bound: Bound, task: TaskPlan) -> str | None:
    """One digest over the images of a task's rows, as medspec.lock has it; None where the model is shown none."""
    render, scan = bound.plan.render(bound.plan.call(task.call).render), bound.plan.scan(task.scan)
    fields, pictures = image_fields(scan, render), bound.pictures
    if pictures is None or not fields:
        return None
    return digest_over(fields, bound.rows[scan.id].rows, lambda path: pictures.digest_of(path, scan))


def _refuse_other_plan(out: Path, plan: Plan) -> None:
    """Refuse a folder that holds another plan's run."""
    # By meaning, and not by text: the text says where the specs lie as seen from the folder one works in.
    if (out / "plan.json").exists() and plan_hash(plan_of(out)) != plan_hash(plan):
        raise StoreError(f"{out} holds a run of another plan; name another folder with `--out`")
