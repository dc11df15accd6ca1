"""Selections: which declarations are meant, in one small language for `ls`, `run`, `test`, `compile` and `explain`.

medqa                     the declaration of that name, short or with its module
mmlu_*                    a pattern; `*`, `?` and `[...]` as in a shell
license:mit               whatever has this property: see METHODS; patterns here too
+medqa    medqa+          also what it is made of; also what is made of it; `+medqa+` both
a,b                       what both select (and)
"a b"                     what either selects (or); `,` binds tighter
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import cached_property

import attrs

from medspec.check.spec import DatasetSpec, Declared, Spec, TaskSpec
from medspec.errors import UsageError
from medspec.plan.graph import Graph, Key, graph_of
from medspec.plan.state import State, state_of_spec
from medspec.text.suggest import nearest


@attrs.frozen(slots=False)
class Selecting:
    """What a selection is made in: the declarations, and the lock, which is asked for when a state is."""

    spec: Spec
    lock: Callable[[], State]

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.spec)

    @cached_property
    def states(self) -> dict[str, tuple[str, ...]]:
        """The states of every task by its qualified name."""
        locked = self.lock().tasks
        found: dict[str, tuple[str, ...]] = {}
        for name, task in state_of_spec(self.spec).tasks.items():
            old = locked.get(name)
            if old is None:
                found[name] = ("new", "changed")
            else:
                is_same = (old.call_hash, old.score_hash) == (task.call_hash, task.score_hash)
                found[name] = ("same",) if is_same and old.version == task.version else ("changed",)
        return found


Method = Callable[[Selecting, Key, Declared], Iterable[str]]
"""The words of a declaration that the value of a method is compared with."""


def _kind(_: Selecting, key: Key, __: Declared) -> Iterable[str]:
    return (key[0],)


def _module(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return (declared.module,)


def _datasets(declared: Declared) -> list[DatasetSpec]:
    if isinstance(declared, DatasetSpec):
        return [declared]
    if not isinstance(declared, TaskSpec):
        return []
    rows = [declared.rows, *([declared.shots.rows] if declared.shots is not None else [])]
    return [one.dataset for one in rows if one.dataset is not None]


def _license(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return [dataset.license or "none" for dataset in _datasets(declared)]


def _dataset(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return [name for dataset in _datasets(declared) for name in (dataset.name, dataset.qualified)]


def _prompt(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return (declared.prompt.name, declared.prompt.qualified) if isinstance(declared, TaskSpec) else ()


def _reader(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return (declared.reader.name,) if isinstance(declared, TaskSpec) else ()


def _metric(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return [score.metric for score in declared.scores] if isinstance(declared, TaskSpec) else ()


def _tag(_: Selecting, __: Key, declared: Declared) -> Iterable[str]:
    return getattr(declared, "tags", ())


def _state(selecting: Selecting, key: Key, _: Declared) -> Iterable[str]:
    return selecting.states[key[1]] if key[0] == "task" else ()


METHODS: dict[str, Method] = {
    "kind": _kind,
    "module": _module,
    "license": _license,
    "dataset": _dataset,
    "prompt": _prompt,
    "reader": _reader,
    "metric": _metric,
    "tag": _tag,
    "state": _state,
}
"""What may stand before the colon."""

STATES = ("new", "changed", "same")
"""States against medspec.lock; a new task is a changed one too."""

_KINDS: frozenset[str] = frozenset(field.name.removesuffix("s") for field in attrs.fields(Spec)) - {"module", "example"}

_KNOWN: dict[str, Callable[[Selecting], Iterable[str]]] = {
    "kind": lambda selecting: {kind for kind, _ in selecting.graph.declared} | _KINDS,
    "state": lambda _: STATES,
}
"""Methods whose value must be one of these words, so that a slip does not select nothing in silence."""


def select(expression: str, selecting: Selecting) -> list[Key]:
    """What `expression` selects, in the order of the spec. Raises `UsageError` for what it cannot mean."""
    chosen: set[Key] = set()
    if not expression.split():
        raise UsageError("the selection is empty; write a name, or a property such as `metric:accuracy`")
    for alternative in expression.split():
        atoms = alternative.split(",")
        if not all(atom.strip("+") for atom in atoms):
            raise UsageError(f"`{alternative}`: something is missing beside `,` or `+`")
        chosen |= set.intersection(*(_atom(atom, selecting) for atom in atoms))
    return [key for key in selecting.graph.declared if key in chosen]


def runnable(keys: Iterable[Key]) -> list[str]:
    """The tasks among `keys`; where there is none, the suites. Qualified names, for what runs or is compiled."""
    found = list(keys)
    tasks = [name for kind, name in found if kind == "task"]
    return tasks or [name for kind, name in found if kind == "suite"]


def _atom(atom: str, selecting: Selecting) -> set[Key]:
    term = atom.removeprefix("+").removesuffix("+")
    found = _term(term, selecting)
    graph = selecting.graph
    above = graph.ancestors(found) if atom.startswith("+") else set()
    below = graph.descendants(found) if atom.endswith("+") else set()
    return found | above | below


def _term(term: str, selecting: Selecting) -> set[Key]:
    method, colon, value = term.partition(":")
    if not colon:
        return _named(term, selecting)
    if method not in METHODS:
        close = nearest(method, METHODS)
        advice = (
            f"did you mean `{close}:{value}`?" if close else f"there are: {', '.join(f'{name}:' for name in METHODS)}"
        )
        raise UsageError(f"`{term}`: nothing is selected by `{method}`; {advice}")
    known = set(_KNOWN[method](selecting)) if method in _KNOWN else None
    if known is not None and not any(fnmatchcase(word, value) for word in known):
        close = nearest(value, known)
        advice = f"did you mean `{method}:{close}`?" if close else f"there are: {', '.join(sorted(known))}"
        raise UsageError(f"`{term}`: `{value}` is no {method}; {advice}")
    return {
        key
        for key, declared in selecting.graph.declared.items()
        if any(fnmatchcase(word, value) for word in METHODS[method](selecting, key, declared))
    }


def _named(pattern: str, selecting: Selecting) -> set[Key]:
    declared = selecting.graph.declared
    found = {
        key for key, one in declared.items() if fnmatchcase(one.name, pattern) or fnmatchcase(one.qualified, pattern)
    }
    if not found and not set("*?[") & set(pattern):
        names = {one.name for one in declared.values()} | {one.qualified for one in declared.values()}
        close = nearest(pattern, sorted(names))
        raise UsageError(f"nothing here is named `{pattern}`" + (f"; did you mean `{close}`?" if close else ""))
    return found
