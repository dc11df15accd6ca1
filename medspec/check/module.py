"""Modules: a file under the specs root, what it declares and what it imports; rings of imports are found here.

The only part of the checker that reads files: the modules it is given, and those they import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs

from medspec.metrics import METRICS
from medspec.syntax import tree
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source
from medspec.text.suggest import nearest

STD_METRICS = "std.metrics"
"""The built-in module of metrics: its content is the Python catalogue."""

Read = Callable[[str], Source | None]
"""The source of the module with this dotted name, or None where there is none."""


@attrs.frozen
class Imported:
    """A name that an import brings in: a whole module (`name` is None), or one declaration of it."""

    module: str
    name: str | None
    place: Place = attrs.field(eq=False, repr=False)


@attrs.frozen
class Module:
    """One parsed file. `names` holds every declared name once, `imports` what the import lines bring in."""

    name: str
    tree: tree.ModuleTree
    names: dict[str, Any]
    imports: dict[str, Imported]

    @property
    def folder(self) -> str:
        """The folder the file lies in."""
        return str(Path(self.tree.source.path).parent)


def load_modules(sources: Iterable[tuple[str, Source]], read: Read, report: Report) -> dict[str, Module]:
    """The given modules and all they import, by name, in a fixed order."""
    modules: dict[str, Module] = {}
    waiting = list(sources)
    missing: set[str] = set()
    while waiting:
        name, source = waiting.pop(0)
        if name in modules:
            continue
        parsed = parse(source, report)
        modules[name] = Module(name, parsed, _declared(parsed, report), {})
        for statement in parsed.imports:
            wanted = statement.path.dotted
            if wanted.split(".")[0] == "std" or wanted in modules or wanted in missing:
                continue
            found = read(wanted)
            if found is None:
                missing.add(wanted)
            else:
                waiting.append((wanted, found))
    for module in modules.values():
        _bind_imports(module, modules, report)
    _report_rings(modules, report)
    return dict(sorted(modules.items()))


def _declared(parsed: tree.ModuleTree, report: Report) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for declaration in parsed.declarations:
        if isinstance(declaration, tree.ExampleDecl):
            continue
        name = declaration.name.name
        first = names.setdefault(name, declaration)
        if first is not declaration:
            report.add(
                "E0203",
                f"`{name}` is declared twice in this module",
                (declaration.name.place, "declared again here"),
                (first.name.place, "first declared here"),
                notes=["all kinds of declaration share one namespace"],
            )
    return names


def _bind_imports(module: Module, modules: dict[str, Module], report: Report) -> None:
    for statement in module.tree.imports:
        wanted = statement.path.dotted
        target = modules.get(wanted)
        if wanted != STD_METRICS and target is None:
            close = nearest(wanted, [*modules, STD_METRICS])
            helps = [f"did you mean `{close}`?"] if close else ["a module is named by its path under the specs folder"]
            report.add("E0202", f"cannot find a module named `{wanted}`", statement.path.place, helps=helps)
        if isinstance(statement, tree.ImportModule):
            alias = statement.alias or statement.path.parts[-1]
            _bind(module, alias, Imported(wanted, None, alias.place), report)
            continue
        for ident in statement.names:
            if wanted == STD_METRICS or target is not None:
                _check_exported(ident, wanted, target, report)
            _bind(module, ident, Imported(wanted, ident.name, ident.place), report)


def _check_exported(ident: tree.Ident, wanted: str, target: Module | None, report: Report) -> None:
    exported = [metric.name for metric in METRICS] if target is None else list(target.names)
    if ident.name in exported:
        if ident.name.startswith("_"):
            report.add(
                "E0212",
                f"`{ident.name}` is private to `{wanted}`",
                (ident.place, "names that begin with `_` stay in their module"),
            )
        return
    if target is not None and target.tree.may_declare(ident.name):
        return
    close = nearest(ident.name, exported)
    helps = [f"did you mean `{close}`?"] if close else []
    report.add("E0202", f"`{wanted}` has nothing named `{ident.name}`", ident.place, helps=helps)


def _bind(module: Module, ident: tree.Ident, imported: Imported, report: Report) -> None:
    here = module.names.get(ident.name)
    before = module.imports.get(ident.name)
    if here is not None:
        report.add(
            "E0203",
            f"`{ident.name}` is both imported and declared",
            (here.name.place, "declared here"),
            (ident.place, "imported here"),
        )
    elif before is not None:
        report.add(
            "E0203", f"`{ident.name}` is imported twice", (ident.place, "again here"), (before.place, "first here")
        )
    else:
        module.imports[ident.name] = imported


def _report_rings(modules: dict[str, Module], report: Report) -> None:
    """Each ring of imports once, from its alphabetically first module."""
    edges = {
        name: {s.path.dotted: s for s in module.tree.imports if s.path.dotted in modules}
        for name, module in modules.items()
    }
    seen: set[frozenset[str]] = set()
    for start in sorted(modules):
        ring = _ring_from(start, edges)
        if ring is None or frozenset(ring) in seen:
            continue
        seen.add(frozenset(ring))
        labels = [
            (edges[here][there].path.place, f"`{here}` needs `{there}`")
            for here, there in zip(ring, [*ring[1:], ring[0]], strict=True)
        ]
        title = "this module imports itself" if len(ring) == 1 else "these modules import each other"
        report.add(
            "E0205",
            title,
            *labels[:4],
            notes=[" -> ".join([*ring, ring[0]])],
            helps=["move what both need into a third module that both can import"] if len(ring) > 1 else [],
        )


def _ring_from(start: str, edges: dict[str, dict[str, tree.ImportModule | tree.ImportNames]]) -> list[str] | None:
    """The shortest way from `start` back to itself, over imports."""
    ways = [[start]]
    reached = {start}
    while ways:
        way = ways.pop(0)
        for there in sorted(edges[way[-1]]):
            if there == start:
                return way
            if there not in reached:
                reached.add(there)
                ways.append([*way, there])
    return None
