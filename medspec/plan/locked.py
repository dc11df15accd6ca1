"""Specs against `medspec.lock`: a task that means something else under the version it had (E0601), a lock that is old (W0607).

A version rises when the meaning changes, so that two scores under one name and version can be compared. Who forgets it is
told here which part changed.
"""

from __future__ import annotations

import attrs

from medspec.check.spec import Spec, TaskSpec
from medspec.plan.changes import LEGEND, Change, changes_of
from medspec.plan.state import State, TaskState, state_of_spec
from medspec.text.diagnostic import Report
from medspec.text.source import Place

_LINES_SHOWN = 6
_CHANGES_SHOWN = 4
_BREAKS = ("score", "call", "data")


def check_locked(spec: Spec, lock: State, *, names: frozenset[str] | None = None) -> Report:
    """What the lock has against the tasks of `spec`, or against those named (by qualified name)."""
    report = Report()
    for name, task in state_of_spec(spec).tasks.items():
        if names is not None and name not in names:
            continue
        locked = lock.tasks.get(name)
        if locked is None:
            _say_old(spec.tasks[name], "is not in medspec.lock", report)
        elif (locked.call_hash, locked.score_hash) == (task.call_hash, task.score_hash):
            if locked.version != task.version:
                _say_old(spec.tasks[name], f"is in medspec.lock {_as_version(locked.version)}", report)
        elif is_kept(locked, task):
            say_changed(spec.tasks[name], locked, task, report)
        else:
            _say_old(spec.tasks[name], f"is in medspec.lock {_as_version(locked.version)}", report)
    return report


def is_kept(locked: TaskState, task: TaskState) -> bool:
    """Whether the version did not rise."""
    return (task.version or 0) <= (locked.version or 0)


def say_changed(declared: TaskSpec, locked: TaskState, task: TaskState, report: Report) -> None:
    """E0601 for a task whose meaning changed under its version."""
    changes = [change for change in changes_of(locked, task) if change.kind in _BREAKS]
    named = f"@{task.version}" if task.version is not None else "without a version"
    still = "still " if task.version == locked.version else ""
    was = f"medspec.lock says {_version(locked.version)} = {_short(locked, changes)}, this is {_short(task, changes)}"
    risen = f"@{(locked.version or 0) + 1}"
    shown = [_note(change) for change in changes[:_CHANGES_SHOWN]]
    if len(changes) > _CHANGES_SHOWN:
        shown.append(f"and {len(changes) - _CHANGES_SHOWN} more, which `medspec diff` shows")
    verb = "bump to" if task.version is not None else "give it a version,"
    report.add(
        "E0601",
        f"`{task.name.rpartition('.')[2]}` changed its meaning but is {still}{named}",
        (_version_place(declared), was),
        notes=[*shown, _consequence(changes, locked)],
        helps=[
            f"{verb} {risen}, or run `medspec lock --accept {task.name.rpartition('.')[2]}` if no score was published"
        ],
    )


def _short(task: TaskState, changes: list[Change]) -> str:
    return (task.score_hash if all(change.kind == "score" for change in changes) else task.call_hash)[:8]


def _note(change: Change) -> str:
    lines = [*(f"- {line}" for line in change.removed), *(f"+ {line}" for line in change.added)]
    if len(lines) > _LINES_SHOWN:
        lines = [*lines[:_LINES_SHOWN], f"... and {len(lines) - _LINES_SHOWN} more lines"]
    return "\n".join([f"~ {change.what} ({LEGEND[change.kind]})", *lines])


def _consequence(changes: list[Change], locked: TaskState) -> str:
    version = _version(locked.version)
    if changes and all(change.kind == "score" for change in changes):
        return f"scores of {version} cannot be compared with new ones; replies that were kept can be scored again"
    return f"scores of {version} stay valid for what it was; scores under the new meaning are not comparable"


def _say_old(declared: TaskSpec, what: str, report: Report) -> None:
    this = "" if declared.version is None else f"this is @{declared.version}"
    report.add(
        "W0607",
        f"`{declared.name}` {what}",
        (_version_place(declared), this),
        helps=["run `medspec lock` and commit what it writes"],
    )


def _version(version: int | None) -> str:
    return "without a version" if version is None else f"@{version}"


def _as_version(version: int | None) -> str:
    return "without a version" if version is None else f"as @{version}"


def _version_place(declared: TaskSpec) -> Place:
    """Where the version stands, behind the name; the name where there is none."""
    name = declared.place
    after = name.source.text[name.end :]
    version = f"@{declared.version}"
    start = name.end + len(after) - len(after.lstrip())
    if declared.version is not None and name.source.text.startswith(version, start):
        return Place(name.source, start, start + len(version))
    return name


def merged(lock: State | None, state: State, *, accept: frozenset[str]) -> State:
    """The lock to write. With `accept` only the entries of these tasks are new, all else stays as the lock has it."""
    if not accept or lock is None:
        return state
    tasks = {**lock.tasks, **{name: state.tasks[name] for name in accept}}
    return attrs.evolve(lock, tasks=tasks)
