"""Two states compared, task by task: what changed, what class it is of, and whether the version had to change.

    ~ medqa_5shot @2     call    prompt ask_mcq, system turn, line 1: text changed           needs @3
    = open_qa @1, note_summary @1

The kinds of change are in `plan/changes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import attrs

from medspec.plan.changes import CLASSES, LEGEND, Change, changes_of, differing
from medspec.plan.state import State, SuiteState, TaskState

MARKS = {"=": "same", "~": "changed", ">": "renamed", "+": "new", "-": "gone"}
_BUMPS = ("score", "call", "data")


@attrs.frozen(kw_only=True)
class Difference:
    """What became of one task or suite. `mark` is one of `MARKS`; `before` and `after` are its versions."""

    name: str
    mark: str
    old_name: str | None = None
    before: int | None = None
    after: int | None = None
    changes: tuple[Change, ...] = ()
    is_suite: bool = False

    @property
    def kind(self) -> str | None:
        """The gravest class of its changes."""
        return max((change.kind for change in self.changes), key=CLASSES.index, default=None)

    @property
    def needs(self) -> int | None:
        """The version it must get: its meaning changed and its version did not rise. None where all is well."""
        if self.is_suite or self.mark not in "~" or self.kind not in _BUMPS:
            return None
        return (self.before or 0) + 1 if (self.after or 0) <= (self.before or 0) else None

    @property
    def reuses_replies(self) -> bool:
        """Whether replies that were made before can be scored again."""
        return self.mark == "~" and self.kind == "score"


def diff(before: State, after: State) -> list[Difference]:
    """Every task of either state, then every suite, by name."""
    if not before.whole or not after.whole:
        before, after = _common(before, after), _common(after, before)
    tasks = _tasks(_short(before.tasks, after.tasks), _short(after.tasks, before.tasks))
    suites = _suites(_short(before.suites, after.suites), _short(after.suites, before.suites))
    return [*tasks, *suites]


def _tasks(before: Mapping[str, TaskState], after: Mapping[str, TaskState]) -> list[Difference]:
    renamed = _renamed(before, after)
    found = []
    for name in sorted({*before, *after} - set(renamed.values())):
        old, new = before.get(name), after.get(name)
        if old is None and name in renamed:
            old = before[renamed[name]]
            new = after[name]
            change = Change(kind="report", what=f"was called {renamed[name]}")
            changes = (change, *changes_of(old, new))
            found.append(_difference(name, ">", old, new, changes, old_name=renamed[name]))
        elif old is None or new is None:
            found.append(_difference(name, "+" if old is None else "-", old, new, ()))
        else:
            changes = changes_of(old, new)
            found.append(_difference(name, "~" if changes or old.version != new.version else "=", old, new, changes))
    return found


def _suites(before: Mapping[str, SuiteState], after: Mapping[str, SuiteState]) -> list[Difference]:
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        changes = () if old is None or new is None else tuple(_suite_changes(old, new))
        mark = "+" if old is None else "-" if new is None else "~" if changes or old.version != new.version else "="
        found.append(attrs.evolve(_difference(name, mark, old, new, changes), is_suite=True))
    return found


def _suite_changes(before: SuiteState, after: SuiteState) -> list[Change]:
    found = []
    for name, old, new in differing(_weights(before), _weights(after)):
        if old is None or new is None:
            found.append(Change(kind="report", what=f"task {name} {'added' if old is None else 'removed'}"))
        else:
            found.append(Change(kind="report", what=f"weight of {name}: {old} -> {new}"))
    for key, old, new in differing(before.words, after.words):
        said = f"{key} added: {new}" if old is None else f"{key} removed: {old}" if new is None else None
        found.append(Change(kind="report", what=said or f"{key}: {old} -> {new}"))
    if before.doc is not None and after.doc is not None and before.doc != after.doc:
        found.append(Change(kind="cosmetic", what="doc", removed=before.doc, added=after.doc))
    return found


def _weights(suite: SuiteState) -> dict[str, str]:
    return {name.rpartition(".")[2]: f"{weight:g}" for name, weight in suite.members.items()}


class _Versioned(Protocol):
    @property
    def version(self) -> int | None: ...


def _difference(
    name: str,
    mark: str,
    old: _Versioned | None,
    new: _Versioned | None,
    changes: tuple[Change, ...],
    old_name: str | None = None,
) -> Difference:
    return Difference(
        name=name,
        mark=mark,
        old_name=old_name,
        before=old.version if old is not None else None,
        after=new.version if new is not None else None,
        changes=changes,
    )


def _renamed(before: Mapping[str, TaskState], after: Mapping[str, TaskState]) -> dict[str, str]:
    """New name to old name of tasks that are gone on one side and new on the other with the same two hashes."""
    found: dict[str, str] = {}
    for name, new in after.items():
        if name in before:
            continue
        twins = [
            other
            for other, old in before.items()
            if other not in after and other not in found.values() and _hashes(old) == _hashes(new)
        ]
        if twins:
            found[name] = twins[0]
    return found


def _hashes(task: TaskState) -> tuple[str, str]:
    return (task.call_hash, task.score_hash)


Entry = TypeVar("Entry", TaskState, SuiteState)


def _short(entries: Mapping[str, Entry], others: Mapping[str, Entry]) -> dict[str, Entry]:
    """Entries by the shortest name that is theirs alone on both sides: a plan knows tasks by their short names."""
    known = {*entries, *others}
    lasts = [name.rpartition(".")[2] for name in known]
    taken: dict[str, set[str]] = {}
    for name, last in zip(known, lasts, strict=True):
        taken.setdefault(last, set()).add(name)
    return {_name(name, taken): entry for name, entry in entries.items()}


def _name(name: str, taken: Mapping[str, set[str]]) -> str:
    last = name.rpartition(".")[2]
    return last if len(taken[last] - {last}) <= 1 else name


def _common(state: State, other: State) -> State:
    """The part of `state` that `other` speaks of, where that is one plan."""
    if other.whole:
        return state
    suites = {name: suite for name, suite in state.suites.items() if _is_in(name, other.suites)}
    members = {name for suite in suites.values() for name in suite.members}
    tasks = {name: task for name, task in state.tasks.items() if name in members or _is_in(name, other.tasks)}
    return attrs.evolve(state, tasks=tasks, suites=suites)


def _is_in(name: str, names: Mapping[str, object]) -> bool:
    return name in names or name.rpartition(".")[2] in {other.rpartition(".")[2] for other in names}


def as_json(found: list[Difference]) -> dict[str, Any]:
    """The differences as plain values."""
    return {
        "legend": {"marks": MARKS, "classes": LEGEND},
        "tasks": [_plain(one) for one in found if not one.is_suite],
        "suites": [_plain(one) for one in found if one.is_suite],
    }


def _plain(one: Difference) -> dict[str, Any]:
    return {
        "name": one.name,
        "mark": one.mark,
        "old_name": one.old_name,
        "before": one.before,
        "after": one.after,
        "class": one.kind,
        "needs": one.needs,
        "replies_reused": one.reuses_replies,
        "changes": [
            {"class": change.kind, "what": change.what, "removed": list(change.removed), "added": list(change.added)}
            for change in one.changes
        ],
    }
