"""A task as it would be written without its base: all clauses in one place, parameters filled in, names imported.

    task medqa @1 = mcq(medqa_rows.test)   ->   task medqa @1 { data = medqa_rows.test  prompt = ask_letter  ... }

The result is a module of its own. What it imports is what the clauses name, each from the module it is declared in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from medspec.check.checker import Checker
from medspec.check.module import Imported, Module
from medspec.check.spec import RowsRef, TaskSpec
from medspec.check.tasks import gather
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source


@attrs.frozen
class Resolved:
    """`module` holds the task and its imports; `private` are the names it needs that cannot be imported."""

    module: tree.ModuleTree
    private: tuple[str, ...]


def resolve_task(modules: Mapping[str, Module], task: TaskSpec) -> Resolved:
    """The task `task` of modules without errors."""
    checker = Checker(dict(modules), Report())
    scope = checker.scope(task.module)
    declaration = modules[task.module].names[task.name]
    clauses = gather(declaration, checker, scope)
    assert clauses is not None, f"{task.qualified} has errors"
    names = _Names(taken={task.name})
    filled = tuple(
        _Filling(clause.scope.module, clause.scope.values, names).node(clause.node) for clause in clauses.values()
    )
    place = declaration.place
    resolved = tree.TaskDecl(declaration.name, declaration.version, None, None, filled, (), declaration.doc, place)
    edition = modules[task.module].tree.edition
    return Resolved(
        tree.ModuleTree(Source("", ""), edition, tuple(names.imports(place)), (resolved,)), tuple(names.private)
    )


@attrs.define
class _Names:
    """The names the new module uses, and what each is: a declaration of a module, or a whole module."""

    taken: set[str]
    used: dict[str, tuple[str, str | None]] = attrs.field(factory=dict)
    private: list[str] = attrs.field(factory=list)

    def local(self, module: str, name: str) -> tuple[str, ...]:
        """What a declaration is called here: its name, or `module.name` where the name is taken."""
        if name.startswith("_") and f"{module}.{name}" not in self.private:
            self.private.append(f"{module}.{name}")
        if self.used.get(name) == (module, name):
            return (name,)
        if name not in self.taken:
            self.used[name] = (module, name)
            self.taken.add(name)
            return (name,)
        return (self.module(module), name)

    def module(self, module: str) -> str:
        """What a whole module is called here."""
        alias = module.replace(".", "_")
        while self.used.get(alias) != (module, None) and alias in self.taken:
            alias += "_"
        self.used[alias] = (module, None)
        self.taken.add(alias)
        return alias

    def imports(self, place: Place) -> Iterator[tree.ImportModule | tree.ImportNames]:
        by_module: dict[str, list[str]] = {}
        for local, (module, name) in self.used.items():
            if name is None:
                yield tree.ImportModule(_path(module.split("."), place), tree.Ident(local, place), place)
            else:
                by_module.setdefault(module, []).append(name)
        for module, found in by_module.items():
            names = tuple(tree.Ident(name, place) for name in sorted(found))
            yield tree.ImportNames(_path(module.split("."), place), names, place)


@attrs.frozen
class _Filling:
    """Writes the nodes of one clause anew, for the names of `into`."""

    module: Module
    values: Mapping[str, Any]
    into: _Names
    words: bool = False
    """Whether a text parameter stands for one of the words that settings of metrics and readers choose from."""

    def node(self, node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(self.node(entry) for entry in node)
        if isinstance(node, tree.Call):
            return self._call(node)
        if isinstance(node, tree.NamedType):
            return attrs.evolve(node, path=self._renamed(node.path))
        if isinstance(node, Place) or not attrs.has(type(node)) or isinstance(node, tree.Ident):
            return node
        chooses = attrs.evolve(self, words=True)
        fields = {
            field.name: (chooses if field.name == "reader" or isinstance(node, tree.MetricNode) else self).node(
                getattr(node, field.name)
            )
            for field in attrs.fields(type(node))
        }
        if isinstance(node, tree.MetricNode | tree.Comprehension):
            # These paths are fields of the answer and of the row.
            kept = {name: getattr(node, name) for name in ("on", "over") if name in fields}
            fields |= kept
        return type(node)(**fields)

    def _call(self, node: tree.Call) -> tree.Value:
        arguments = None if node.arguments is None else self.node(node.arguments)
        first, *rest = node.path.parts
        if first.name not in self.values:
            return attrs.evolve(node, path=self._renamed(node.path), arguments=arguments)
        value = self.values[first.name]
        if not isinstance(value, RowsRef):
            chosen = self.words and isinstance(value, str) and value.isidentifier()
            return tree.Call(_path([value], node.place), None, node.place) if chosen else _literal(value, node.place)
        rows = self._rows(value, node.place)
        if not rest:
            return rows
        return attrs.evolve(rows, path=tree.Path((*rows.path.parts, *rest), node.path.place), arguments=arguments)

    def _rows(self, rows: RowsRef, place: Place) -> tree.Call:
        assert rows.dataset is not None
        parts = [*self.into.local(rows.dataset.module, rows.dataset.name), rows.subset, rows.split]
        names = [part for part in parts if part is not None]
        if rows.part is None:
            return tree.Call(_path(names, place), None, place)
        count = tree.Argument(None, _literal(rows.part.count, place), place)
        seed = tree.Argument(tree.Ident("seed", place), _literal(rows.part.seed, place), place)
        return tree.Call(_path([*names, "holdout"], place), (count, seed), place)

    def _renamed(self, path: tree.Path) -> tree.Path:
        """The path by the names of the new module; one that names no declaration stays as it is."""
        first, *rest = path.parts
        if first.name in self.module.names:
            local = self.into.local(self.module.name, first.name)
        elif first.name in self.module.imports:
            imported: Imported = self.module.imports[first.name]
            if imported.name is not None:
                local = self.into.local(imported.module, imported.name)
            elif rest:
                local = self.into.local(imported.module, rest.pop(0).name)
            else:
                return path
        else:
            return path
        return tree.Path((*(tree.Ident(name, path.place) for name in local), *rest), path.place)


def _path(names: list[str], place: Place) -> tree.Path:
    return tree.Path(tuple(tree.Ident(name, place) for name in names), place)


def _literal(value: Any, place: Place) -> tree.Value:
    """A parameter's value as it is written in a spec."""
    if isinstance(value, bool):
        return tree.BooleanValue(value, place)
    if isinstance(value, int | float):
        return tree.NumberValue(repr(value), place)
    assert isinstance(value, str)
    return tree.StringValue(value, place)
