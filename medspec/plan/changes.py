"""One change between two states of a task or suite, and what kinds of it there are: a function per kind.

Each looks at both states and says what it finds, in words. What no function can name, but a digest shows, is said by the
last one: no change of a hash goes by without a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher

import attrs

from medspec.plan.state import TaskState

CLASSES = ("cosmetic", "report", "score", "call", "data")
"""From the least to the greatest; what each means is in `LEGEND`."""

LEGEND = {
    "cosmetic": "nothing that counts",
    "report": "shown otherwise, the numbers stay",
    "score": "scored again from the same replies",
    "call": "the model is asked something else",
    "data": "other rows",
}


@attrs.frozen(kw_only=True)
class Change:
    """One difference. `removed` and `added` are lines of text, for prompts."""

    kind: str
    what: str
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


@attrs.frozen
class Evaluator:
    """A kind of change: its class, the parts of the hashes it explains, and the function that finds it."""

    name: str
    kind: str
    find: Callable[[TaskState, TaskState], Iterator[Change]]
    parts: tuple[str, ...] = ()


def _prompt(before: TaskState, after: TaskState) -> Iterator[Change]:
    roles = [role for role, _ in before.turns], [role for role, _ in after.turns]
    if roles[0] != roles[1]:
        yield Change(kind="call", what=f"prompt {after.prompt}: turns {', '.join(roles[0])} -> {', '.join(roles[1])}")
        return
    for number, ((role, old), (_, new)) in enumerate(zip(before.turns, after.turns, strict=True)):
        if old == new:
            continue
        alone = roles[1].count(role) == 1
        where = f"{role} turn" if alone else f"{role} turn {number + 1}"
        for line, removed, added in _line_changes(old, new):
            what = f"prompt {after.prompt}, {where}, line {line}: text changed"
            yield Change(kind="call", what=what, removed=removed, added=added)


def _words(prefix: str, kind: str, noun: str) -> Callable[[TaskState, TaskState], Iterator[Change]]:
    """Finds what changed under one word of `TaskState.words`; the word alone, or followed by a dot and a name."""

    def find(before: TaskState, after: TaskState) -> Iterator[Change]:
        for key, old, new in differing(before.words, after.words):
            if key == prefix or key.startswith(f"{prefix}."):
                name = key[len(prefix) + 1 :]
                yield Change(kind=kind, what=_said(f"{noun} {name}".strip(), old, new))

    return find


def _columns(before: TaskState, after: TaskState) -> Iterator[Change]:
    old, new = _of(before.words, "columns."), _of(after.words, "columns.")
    # A parameter that is called otherwise and filled alike is no change.
    gone = [text for name, text in old.items() if name not in new]
    come = [text for name, text in new.items() if name not in old]
    for name, one, two in differing(old, new):
        if (one is None and two in gone) or (two is None and one in come):
            continue
        yield Change(kind="call", what=_said(f"column {name}", one, two))


def _renamed(before: TaskState, after: TaskState) -> dict[str, str]:
    """Old label to new label of metrics that are the same but for it."""
    old, new = _of(before.words, "metric."), _of(after.words, "metric.")
    found: dict[str, str] = {}
    for label, text in old.items():
        twins = [other for other in new if other not in old and other not in found.values() and new[other] == text]
        if label not in new and twins:
            found[label] = twins[0]
    return found


def _labels(before: TaskState, after: TaskState) -> Iterator[Change]:
    for old, new in _renamed(before, after).items():
        yield Change(kind="report", what=f"metric {old} is called {new}")


def _metrics(before: TaskState, after: TaskState) -> Iterator[Change]:
    renamed = _renamed(before, after)
    old = {renamed.get(label, label): text for label, text in _of(before.words, "metric.").items()}
    new = _of(after.words, "metric.")
    for label, one, two in differing(old, new):
        stem_before, _, version_before = (one or "").rpartition(" version ")
        stem_after, _, version_after = (two or "").rpartition(" version ")
        if one and two and stem_before == stem_after:
            yield Change(kind="score", what=f"metric {label} version {version_before} -> {version_after}")
        else:
            yield Change(kind="score", what=_said(f"metric {label}", one, two))
    if old == new and list(old.values()) != list(new.values()):
        yield Change(kind="score", what="metrics: their order changed")


def _judges(before: TaskState, after: TaskState) -> Iterator[Change]:
    """What judges are: their turns line by line, the rest in one line each."""
    for key, old, new in sorted(differing(_of(before.words, "judge."), _of(after.words, "judge."))):
        judge, _, what = key.partition(".")
        if old is None or new is None or " turn " not in what:
            yield Change(kind="score", what=_said(f"judge {judge}, {what}", old, new))
            continue
        for line, removed, added in _line_changes(old, new):
            yield Change(
                kind="score", what=f"judge {judge}, {what}, line {line}: text changed", removed=removed, added=added
            )


def _line_changes(old: str, new: str) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Line number in the new text, lines that went and lines that came, for each stretch that is not the same."""
    lines = old.split("\n"), new.split("\n")
    for tag, start, end, new_start, new_end in SequenceMatcher(None, *lines, autojunk=False).get_opcodes():
        if tag != "equal":
            yield new_start + 1, tuple(lines[0][start:end]), tuple(lines[1][new_start:new_end])


def _report(before: TaskState, after: TaskState) -> Iterator[Change]:
    for key, old, new in differing(before.report, after.report):
        yield Change(kind="report", what=_said(key, old, new))


def _data(before: TaskState, after: TaskState) -> Iterator[Change]:
    if before.data is not None and after.data is not None:
        for path, old, new in differing(before.data, after.data):
            if old is not None and new is not None:
                yield Change(kind="data", what=f"file {path}: sha256 {old[:12]} -> {new[:12]}")


def _picked(before: TaskState, after: TaskState) -> Iterator[Change]:
    if before.shots is not None and after.shots is not None and before.shots != after.shots:
        yield Change(kind="call", what=f"shots picked: {', '.join(before.shots[:5])} -> {', '.join(after.shots[:5])}")


def _doc(before: TaskState, after: TaskState) -> Iterator[Change]:
    if before.doc is not None and after.doc is not None and before.doc != after.doc:
        yield Change(kind="cosmetic", what="doc", removed=before.doc, added=after.doc)


CHANGES: tuple[Evaluator, ...] = (
    Evaluator("data", "data", _data),
    Evaluator("rows", "data", _words("rows", "data", "rows:"), ("rows",)),
    Evaluator("prompt", "call", _prompt, ("turns",)),
    Evaluator("columns", "call", _columns, ("rows",)),
    Evaluator("texts", "call", _words("texts", "call", "text"), ("texts",)),
    Evaluator("shots", "call", _words("shots", "call", "shots:"), ("shots",)),
    Evaluator("picked shots", "call", _picked),
    Evaluator("decode", "call", _words("decode", "call", "decode"), ("decode",)),
    Evaluator("options", "call", _words("options", "call", "options"), ("options",)),
    Evaluator("reader", "score", _words("reader", "score", "reader"), ("reader", "options")),
    Evaluator("answer", "score", _words("answer", "score", "answer"), ("reader", "options")),
    Evaluator("errata", "score", _words("errata", "score", "errata"), ("errata",)),
    Evaluator("gold", "score", _words("gold", "score", "gold"), ("gold",)),
    Evaluator("metrics", "score", _metrics, ("metrics",)),
    Evaluator("judges", "score", _judges, ("metrics",)),
    Evaluator("metric labels", "report", _labels),
    Evaluator("unread policy", "score", _words("unread", "score", "unread"), ("unread",)),
    Evaluator("report", "report", _report),
    Evaluator("doc", "cosmetic", _doc),
)
"""Every kind of change of one task, in the order in which they are shown."""


def changes_of(before: TaskState, after: TaskState) -> tuple[Change, ...]:
    """All differences between two states of one task, the gravest first."""
    changed = {part for part, _, _ in differing(before.call, after.call)}
    changed |= {part for part, _, _ in differing(before.score, after.score)}
    found: list[Change] = []
    explained: set[str] = set()
    for evaluator in CHANGES:
        # Words may differ where the meaning does not, such as in the name of a parameter.
        if evaluator.parts and not changed & set(evaluator.parts):
            continue
        changes = list(evaluator.find(before, after))
        found += changes
        explained |= set(evaluator.parts) if changes else set()
    found += _unnamed(before, after, explained)
    return tuple(sorted(found, key=lambda change: -CLASSES.index(change.kind)))


def _unnamed(before: TaskState, after: TaskState, explained: set[str]) -> Iterator[Change]:
    """Parts whose digests differ, where nothing was said about them; hashes that differ although no part does."""
    sides = (
        ("call", before.call, after.call, before.call_hash, after.call_hash),
        ("score", before.score, after.score, before.score_hash, after.score_hash),
    )
    for kind, old, new, old_hash, new_hash in sides:
        parts = [part for part, _, _ in differing(old, new)]
        yield from (Change(kind=kind, what=f"{part} changed") for part in parts if part not in explained)
        if old_hash != new_hash and not parts:
            yield Change(kind=kind, what=f"{kind} hash {old_hash} -> {new_hash}, made by another version of medspec")


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str | None, str | None]]:
    """Key, old value and new value of every entry that is not equal; None where there is none."""
    for key in [*before, *(key for key in after if key not in before)]:
        if before.get(key) != after.get(key):
            yield key, before.get(key), after.get(key)


def _of(words: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key[len(prefix) :]: text for key, text in words.items() if key.startswith(prefix)}


def _said(what: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"{what} added: {new}"
    if new is None:
        return f"{what} removed: {old}"
    # What the types hold is worth a word only where it changed.
    (old_head, _, old_types), (new_head, _, new_types) = old.partition(" where "), new.partition(" where ")
    if old_types == new_types:
        old, new = old_head, new_head
    return f"{what}: {old} -> {new}" if not what.endswith(":") else f"{what} {old} -> {new}"
