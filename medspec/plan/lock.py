"""`medspec.lock`: what every task meant when its version was given, kept as text.

It is JSON, since that is the one format the standard library both reads and writes; keys are sorted, texts of several lines
are lists of lines, and nothing in it depends on the machine or the time, so that it lies well in version control: what a
change of a spec does to the meaning of its tasks is seen in the same commit.

The lock holds hashes with the digests of their parts and the parts in words: with them a change is explained although the
old text of the spec is gone. Docs are not in it, since a better doc must not make the lock old.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medspec.errors import StoreError, UsageError
from medspec.plan.state import State, SuiteState, TaskState

FORMAT = 1
"""The number of the lock's format."""

FILE = "medspec.lock"
"""Its name, in the folder of the project's settings."""


def to_text(state: State) -> str:
    """The text of the lock; equal states give equal bytes."""
    document = {
        "medspec_lock": FORMAT,
        "suites": {name: _suite_to_plain(suite) for name, suite in state.suites.items()},
        "tasks": {name: _task_to_plain(task) for name, task in state.tasks.items()},
    }
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def from_text(text: str) -> State:
    """What `to_text` wrote. Raises `ValueError` for anything else, and for a newer format."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is no JSON ({error}); restore it from version control") from None
    if not isinstance(document, dict) or "medspec_lock" not in document:
        raise ValueError("this is no lock of medspec")
    if document["medspec_lock"] != FORMAT:
        raise ValueError(f"its format is {document['medspec_lock']}; this version of medspec knows {FORMAT}")
    try:
        return State(
            tasks={name: _task_from_plain(name, task) for name, task in document["tasks"].items()},
            suites={name: _suite_from_plain(name, suite) for name, suite in document["suites"].items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"an entry of it is damaged ({error}); restore it from version control") from None


def read_lock(path: Path) -> State | None:
    """The lock at `path`, None where there is none. Raises `StoreError` for a file that cannot be understood."""
    try:
        return from_text(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def needed_lock(path: Path) -> State:
    """The lock at `path`. Raises `UsageError` where there is none."""
    found = read_lock(path)
    if found is None:
        raise UsageError(f"there is no {path.name} here ({path}); write it with `medspec lock`")
    return found


def _task_to_plain(task: TaskState) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "version": task.version,
        "call": {"hash": task.call_hash, "parts": dict(task.call)},
        "score": {"hash": task.score_hash, "parts": dict(task.score)},
        "prompt": {"name": task.prompt, "turns": [[role, _lines(text)] for role, text in task.turns]},
        "words": _to_lines(task.words),
        "report": _to_lines(task.report),
    }
    if task.data is not None:
        plain["data"] = dict(task.data)
    if task.shots is not None:
        plain["shots"] = list(task.shots)
    return plain


def _task_from_plain(name: str, plain: dict[str, Any]) -> TaskState:
    return TaskState(
        name=name,
        version=plain["version"],
        call_hash=plain["call"]["hash"],
        score_hash=plain["score"]["hash"],
        call=dict(plain["call"]["parts"]),
        score=dict(plain["score"]["parts"]),
        prompt=plain["prompt"]["name"],
        turns=tuple((role, _joined(lines)) for role, lines in plain["prompt"]["turns"]),
        words=_from_lines(plain["words"]),
        report=_from_lines(plain["report"]),
        data=dict(plain["data"]) if "data" in plain else None,
        shots=tuple(plain["shots"]) if "shots" in plain else None,
    )


def _suite_to_plain(suite: SuiteState) -> dict[str, Any]:
    return {"version": suite.version, "tasks": dict(suite.members), "words": _to_lines(suite.words)}


def _suite_from_plain(name: str, plain: dict[str, Any]) -> SuiteState:
    return SuiteState(
        name=name, version=plain["version"], members=dict(plain["tasks"]), words=_from_lines(plain["words"])
    )


def _to_lines(words: Mapping[str, str]) -> dict[str, Any]:
    return {key: _lines(text) for key, text in words.items()}


def _from_lines(plain: Mapping[str, Any]) -> dict[str, str]:
    return {key: _joined(value) for key, value in plain.items()}


def _lines(text: str) -> str | list[str]:
    """A text of several lines as a list, so that a changed line is one changed line of the lock."""
    return text.split("\n") if "\n" in text else text


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)
