"""What tasks and suites mean, as plain values: the common ground of plans, specs and `medspec.lock`.

Two states are compared by `plan/diff.py`. A state keeps the two hashes of each task, the digest of every part that went into
them, and the same parts in words, so that a difference can be explained where the specs of one side are gone.

Docs, data and shots are known in some states and not in others; what is None is not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from medspec.check.spec import Spec
from medspec.plan.fold import fold
from medspec.plan.form import digest
from medspec.plan.hash import call_parts, score_parts
from medspec.plan.lower import lower
from medspec.plan.nodes import Constant, Plan, Render, Scan
from medspec.plan.words import aggregate_words, report_words, spell, task_words
from medspec.syntax.spell_template import spell_template


@attrs.frozen(kw_only=True)
class TaskState:
    """One task. `call` and `score` are the digests of the parts of each hash, `words` the same parts in words.

    `turns` are (role, folded text) pairs, `report` is what is in no hash, `data` the sha256 of each file by its path in the
    spec, `shots` the ids of the picked rows (a digest of them where rows are private).
    """

    name: str
    version: int | None
    call_hash: str
    score_hash: str
    call: Mapping[str, str]
    score: Mapping[str, str]
    prompt: str
    turns: tuple[tuple[str, str], ...]
    words: Mapping[str, str]
    report: Mapping[str, str]
    data: Mapping[str, str] | None = None
    shots: tuple[str, ...] | None = None
    doc: tuple[str, ...] | None = None

    @property
    def hashes(self) -> tuple[str, str]:
        return (self.call_hash, self.score_hash)


@attrs.frozen(kw_only=True)
class SuiteState:
    """One suite: its tasks with their weights, and everything else of it in words."""

    name: str
    version: int | None
    members: Mapping[str, float]
    words: Mapping[str, str]
    doc: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class State:
    """Tasks and suites by name. `whole` is False for a plan, which holds one suite and not all there is."""

    tasks: Mapping[str, TaskState]
    suites: Mapping[str, SuiteState]
    whole: bool = True


def state_of_spec(spec: Spec) -> State:
    """All tasks and suites of checked specs, by qualified name."""
    names = list(spec.tasks)
    if not names:
        return State(tasks={}, suites={})
    planned = _task_states(lower(spec, names))
    tasks = {
        name: attrs.evolve(state, name=name, doc=spec.tasks[name].doc)
        for name, state in zip(names, planned, strict=True)
    }
    suites = {
        name: SuiteState(
            name=name,
            version=suite.version,
            members={task.qualified: weight for task, weight in suite.members},
            words=_suite_words(lower(spec, [name])),
            doc=suite.doc,
        )
        for name, suite in spec.suites.items()
    }
    return State(tasks=tasks, suites=suites)


def state_of_plan(plan: Plan) -> State:
    """The tasks of one plan, by the names they have in it, and its suite where it is one."""
    tasks = {state.name: state for state in _task_states(plan)}
    suites = {}
    if list(tasks) != [plan.suite]:
        suites[plan.suite] = SuiteState(
            name=plan.suite,
            version=plan.version,
            members={member.task: member.weight for member in plan.members},
            words=_suite_words(plan),
        )
    return State(tasks=tasks, suites=suites, whole=False)


def _task_states(plan: Plan) -> Iterable[TaskState]:
    scans = {scan.id: scan for scan in plan.scans}
    renders = {render.id: render for render in plan.renders}
    calls = {call.id: call for call in plan.calls}
    reads = {read.id: read for read in plan.reads}
    for task in plan.tasks:
        scan, render, read = scans[task.scan], renders[task.render], reads[task.read]
        call = calls[task.call]
        shot_scan = None if render.shots is None else scans[render.shots.scan]
        yield TaskState(
            name=task.name,
            version=task.version,
            call_hash=task.call_hash,
            score_hash=task.score_hash,
            call=_digests(call_parts(scan, render, call, shot_scan)),
            score=_digests(score_parts(task, scan, read)),
            prompt=render.prompt,
            turns=_turns(render),
            words=task_words(task, scan, render, call, read, shot_scan),
            report=report_words(task, _scans(scan, shot_scan)),
        )


def _digests(parts: Mapping[str, object]) -> dict[str, str]:
    return {name: digest(value) for name, value in parts.items()}


def _scans(scan: Scan, shot_scan: Scan | None) -> list[Scan]:
    return [scan] if shot_scan is None or shot_scan == scan else [scan, shot_scan]


def _turns(render: Render) -> tuple[tuple[str, str], ...]:
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    return tuple(
        (turn.role, spell(turn.file) if turn.file is not None else spell_template(fold(turn.pieces, known)))
        for turn in render.turns
    )


def _suite_words(plan: Plan) -> dict[str, str]:
    """What a suite says beside its tasks: each aggregate, and every other setting of the plan that is none of its parts."""
    words = {f"aggregate {aggregate.name}": aggregate_words(aggregate) for aggregate in plan.aggregates}
    words["interval"] = spell(plan.interval)
    for field in attrs.fields(Plan):
        if field.name not in _NOT_SUITE and field.metadata.get("hash") is not False:
            words[field.name] = spell(getattr(plan, field.name))
    return {key: text for key, text in words.items() if text not in ("none", "[]")}


_NOT_SUITE = frozenset(
    (
        "format",
        "suite",
        "version",
        "scans",
        "renders",
        "calls",
        "waves",
        "reads",
        "tasks",
        "members",
        "aggregates",
        "interval",
        "title",
    )
)
