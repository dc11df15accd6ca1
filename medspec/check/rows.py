"""References to rows: `dataset.split`, `dataset.subset.split`, or a template's parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.check.arguments import ABSENT, Rule, Symbol, read_arguments
from medspec.check.scope import Missing, Scope
from medspec.check.spec import DatasetSpec, RowsRef
from medspec.plan.nodes import Part
from medspec.syntax import tree
from medspec.text.suggest import nearest

if TYPE_CHECKING:
    from medspec.check.checker import Checker


def read_rows(value: tree.Value, checker: Checker, scope: Scope) -> RowsRef | None:
    """The rows `value` names; None after reporting."""
    if isinstance(value, tree.Call) and value.arguments is not None and value.path.parts[-1].name == "holdout":
        return _held_out(value, checker, scope)
    if not isinstance(value, tree.Call) or value.arguments is not None:
        scope.report.add("E0301", "rows are named `DATASET.SPLIT`", value.place)
        return None
    first = value.path.parts[0].name
    if first in scope.values:
        found = scope.values[first]
        if isinstance(found, RowsRef) and len(value.path.parts) == 1:
            return found
        if not (isinstance(found, Symbol) and found.kind == "unknown"):
            scope.report.add("E0301", f"`{value.path.dotted}` is no `rows` parameter", value.place)
        return None
    declaration = scope.find(value.path, "dataset", kinds=(tree.DatasetDecl,))
    if isinstance(declaration, Missing):
        return None
    dataset = checker.checked(declaration.module, declaration.declaration)
    if dataset is None:
        return None
    return _split(dataset, declaration.rest, value, scope)


def swallowed(value: tree.Value) -> tree.Ident | None:
    """The last name of a path whose dot ends a line: where the name is missing, the next clause is read for it."""
    if not isinstance(value, tree.Call) or len(value.path.parts) < 2:
        return None
    before, last = value.path.parts[-2:]
    return last if "\n" in last.place.source.text[before.place.end : last.place.start] else None


def _held_out(value: tree.Call, checker: Checker, scope: Scope) -> RowsRef | None:
    """`ROWS.holdout(64, seed: 13)`: rows that a task which takes its shots from them does not score."""
    parts = value.path.parts[:-1]
    if not parts:
        scope.report.add(
            "E0301", "rows are held out of a split", value.place, helps=["write `DATASET.SPLIT.holdout(64)`"]
        )
        return None
    path = tree.Path(parts, parts[0].place.to(parts[-1].place))
    rows = read_rows(tree.Call(path, None, path.place), checker, scope)
    found = read_arguments(value, (Rule("count", "int"), Rule("seed", "int", 13)), scope.report, values=scope.values)
    if rows is None or ABSENT in found.values():
        return None
    if isinstance(found["count"], Symbol) or isinstance(found["seed"], Symbol):
        return attrs.evolve(rows, dataset=None)
    if found["count"] < 1:
        scope.report.add("E0309", "at least one row is held out", value.place)
        return None
    return attrs.evolve(rows, part=Part(count=found["count"], seed=found["seed"], held=True))


def _split(dataset: DatasetSpec, rest: tuple[tree.Ident, ...], value: tree.Call, scope: Scope) -> RowsRef | None:
    wanted = (dataset.subsets, dataset.splits) if dataset.subsets else (dataset.splits,)
    example = ".".join([dataset.name, *(names[0] for names in wanted)])
    if len(rest) < len(wanted):
        kinds = "a subset and a split" if dataset.subsets else "a split"
        label = (value.place, f"which rows of `{dataset.name}`?")
        scope.report.add("E0602", f"rows are named by {kinds}", label, helps=[f"write `{example}`"])
        return None
    for ident, names, kind in zip(rest, wanted, ("subset", "split") if dataset.subsets else ("split",), strict=False):
        if ident.name not in names:
            if ident is swallowed(value):
                label = (ident.place, "this begins another line")
                title = f"`{dataset.name}.` is not followed by a {kind}"
                scope.report.add("E0602", title, label, helps=[f"write `{example}`"])
                return None
            close = nearest(ident.name, names)
            helps = [f"did you mean `{close}`?"] if close else [f"declared: {', '.join(names)}"]
            label = (dataset.place, "declared here")
            scope.report.add("E0602", f"`{dataset.name}` has no {kind} `{ident.name}`", ident.place, label, helps=helps)
            return None
    if len(rest) > len(wanted):
        scope.report.add(
            "E0602", f"`{value.path.dotted}` names nothing", rest[len(wanted)].place, helps=[f"write `{example}`"]
        )
        return None
    subset = rest[0].name if dataset.subsets else None
    return RowsRef(dataset, subset, rest[len(wanted) - 1].name, dataset.record)
