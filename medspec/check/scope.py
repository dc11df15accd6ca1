"""Looking up names: parameters of the declaration, declarations of the module, imports. Nothing else.

A name that cannot be found is reported once, with the one name its author most likely meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from medspec.check.import_edits import import_edit
from medspec.check.module import STD_METRICS, Module
from medspec.metrics import METRICS
from medspec.metrics.base import Metric
from medspec.syntax import tree
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Place
from medspec.text.suggest import nearest


class Missing:
    """What a failed look-up gives: it has been reported, and fits everything."""


MISSING = Missing()

_KINDS: dict[type, str] = {
    tree.EnumDecl: "enum",
    tree.RecordDecl: "record",
    tree.DatasetDecl: "dataset",
    tree.PhraseDecl: "phrase",
    tree.PromptDecl: "prompt",
    tree.ModelDecl: "model",
    tree.DialectDecl: "dialect",
    tree.JudgeDecl: "judge",
    tree.PanelDecl: "panel",
    tree.TaskDecl: "task",
    tree.SuiteDecl: "suite",
}


def with_article(word: str) -> str:
    """`a task`, `an enum`."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


@attrs.frozen
class Found:
    """A declaration with the module it is in, and what is left of the path after its name."""

    module: str
    declaration: tree.Declaration
    rest: tuple[tree.Ident, ...]


@attrs.define
class Scope:
    """The names one declaration sees. `values` are the parameters of a template, filled in or symbolic."""

    module: Module
    modules: Mapping[str, Module]
    report: Report
    used: set[tuple[str, str]]
    """(module, name) of every import and private declaration that was looked up, for the warnings about unused ones."""
    values: Mapping[str, Any] = attrs.field(factory=dict)

    def with_values(self, values: Mapping[str, Any]) -> Scope:
        return attrs.evolve(self, values=values)

    def find(self, path: tree.Path, wanted: str, *, kinds: tuple[type, ...]) -> Found | Missing:
        """The declaration `path` names, which must be one of `kinds`; `wanted` is the word for it in messages."""
        first, *rest = path.parts
        declaration = self.module.names.get(first.name)
        if declaration is not None:
            self.used.add((self.module.name, first.name))
            return self._of_kind(Found(self.module.name, declaration, tuple(rest)), path, wanted, kinds)
        if self.module.tree.may_declare(first.name) or self._is_misspelt_import(first.name):
            return MISSING
        imported = self.module.imports.get(first.name)
        if imported is None:
            self._not_found(first, wanted, kinds)
            return MISSING
        self.used.add((self.module.name, first.name))
        target = self.modules.get(imported.module)
        if target is None:
            if imported.module == STD_METRICS and wanted != "metric":
                self.report.add("E0209", f"`{first.name}` is a metric, not {with_article(wanted)}", path.place)
            return MISSING
        name = imported.name
        if name is None:
            if not rest:
                title = f"`{first.name}` is a module, not {with_article(wanted)}"
                self.report.add("E0209", title, path.place, helps=[f"write `{first.name}.NAME`"])
                return MISSING
            ident, *rest = rest
            name = ident.name
            if not self.is_public(ident, imported.module, target):
                return MISSING
        declaration = target.names.get(name)
        if declaration is None:
            return MISSING
        return self._of_kind(Found(imported.module, declaration, tuple(rest)), path, wanted, kinds)

    def find_metric(self, path: tree.Path) -> Metric | Missing:
        """The metric `path` names, which must be imported."""
        first = path.parts[0]
        imported = self.module.imports.get(first.name)
        known = {metric.name: metric for metric in METRICS}
        if imported is not None and imported.module == STD_METRICS:
            self.used.add((self.module.name, first.name))
            wanted = 1 if imported.name is not None else 2
            if len(path.parts) < wanted:
                helps = [f"write `{first.name}.NAME`"]
                self.report.add("E0209", f"`{first.name}` is a module, not a metric", path.place, helps=helps)
                return MISSING
            if len(path.parts) > wanted:
                self.report.add("E0201", f"`{path.dotted}` names nothing", path.parts[wanted].place)
                return MISSING
            name = imported.name or path.parts[1].name
            if name not in known and imported.name is None:
                close = nearest(name, known)
                helps = [f"did you mean `{close}`?"] if close else []
                self.report.add("E0202", f"`{STD_METRICS}` has nothing named `{name}`", path.place, helps=helps)
            return known.get(name, MISSING)
        if imported is not None and imported.module not in self.modules:
            return MISSING  # there is no such module, which has been reported
        if imported is not None or first.name in self.module.names:
            is_judge = isinstance(self.module.names.get(first.name), tree.JudgeDecl | tree.PanelDecl)
            helps = (
                [f"a judge gives one value per row; take their mean: `mean({path.dotted}(...))`"] if is_judge else []
            )
            self.report.add("E0209", f"`{path.dotted}` is not a metric", path.place, helps=helps)
            return MISSING
        if self.module.tree.may_declare(first.name) or self._is_misspelt_import(first.name):
            return MISSING
        in_scope = [name for name, entry in self.module.imports.items() if entry.module == STD_METRICS]
        helps = []
        edits: tuple[Edit, ...] = ()
        if first.name in known:
            helps.append(f"add it to the imports: `import {STD_METRICS} {{ {first.name} }}`")
            edits = import_edit(self.module, STD_METRICS, first.name)
        elif close := nearest(first.name, in_scope):
            helps.append(f"a metric with a similar name is in scope: `{close}`")
        elif close := nearest(first.name, known):
            helps.append(f"did you mean `{close}`? add `import {STD_METRICS} {{ {close} }}`")
        label = (path.place, "not declared here and not imported")
        self.report.add("E0201", f"cannot find a metric named `{path.dotted}`", label, helps=helps, edits=edits)
        return MISSING

    def _of_kind(self, found: Found, path: tree.Path, wanted: str, kinds: tuple[type, ...]) -> Found | Missing:
        if isinstance(found.declaration, kinds):
            if found.rest and tree.DatasetDecl not in kinds:
                self.report.add("E0201", f"`{path.dotted}` names nothing", found.rest[0].place)
                return MISSING
            return found
        name = found.declaration.name.name  # type: ignore[union-attr]
        declared = self.modules[found.module].tree.declarations
        if sum(getattr(other.name, "name", None) == name for other in declared if hasattr(other, "name")) > 1:
            return MISSING  # declared twice, which has been reported: the other one may be meant
        kind = _KINDS[type(found.declaration)]
        self.report.add(
            "E0209",
            f"`{path.dotted}` is {with_article(kind)}, not {with_article(wanted)}",
            (path.place, f"{with_article(wanted)} is needed here"),
            (found.declaration.name.place, f"declared as {with_article(kind)}"),  # type: ignore[union-attr]
        )
        return MISSING

    def _not_found(self, ident: tree.Ident, wanted: str, kinds: tuple[type, ...]) -> None:
        in_scope = [name for name, declared in self.module.names.items() if isinstance(declared, kinds)]
        in_scope += [name for name in self.module.imports if self._imported_kind(name, kinds)]
        helps = []
        if close := nearest(ident.name, in_scope):
            helps.append(f"{with_article(wanted)} with a similar name is in scope: `{close}`")
        else:
            elsewhere = [
                name
                for name, module in self.modules.items()
                if isinstance(module.names.get(ident.name), kinds) and name != self.module.name
            ]
            if elsewhere:
                helps.append(f"`{elsewhere[0]}` declares it; add `import {elsewhere[0]} {{ {ident.name} }}`")
        label = (ident.place, "not declared here and not imported")
        self.report.add("E0201", f"cannot find {with_article(wanted)} named `{ident.name}`", label, helps=helps)

    def may_be_lost(self, name: str) -> bool:
        """Whether `name` may be declared or imported by something that has been reported as wrong."""
        imported = self.module.imports.get(name)
        if imported is None:
            return self.module.tree.may_declare(name) or self._is_misspelt_import(name)
        if imported.module == STD_METRICS:
            return False
        target = self.modules.get(imported.module)
        return target is None or imported.name not in (None, *target.names)

    def _is_misspelt_import(self, name: str) -> bool:
        """Whether a module declares `name` from which something is imported that it does not: that was reported."""
        for imported in self.module.imports.values():
            target = self.modules.get(imported.module)
            is_metrics = imported.module == STD_METRICS
            exported = {metric.name for metric in METRICS} if is_metrics else set(target.names) if target else set()
            if imported.name is not None and imported.name not in exported and name in exported:
                return True
        return False

    def _imported_kind(self, name: str, kinds: tuple[type, ...]) -> bool:
        imported = self.module.imports[name]
        target = self.modules.get(imported.module)
        return target is not None and isinstance(target.names.get(imported.name or ""), kinds)

    def is_public(self, ident: tree.Ident, module: str, target: Module) -> bool:
        """Whether another module declares this name for all to see; reports where it does not."""
        if ident.name in target.names and not ident.name.startswith("_"):
            return True
        if ident.name in target.names:
            label = (ident.place, "names that begin with `_` stay in their module")
            self.report.add("E0212", f"`{ident.name}` is private to `{module}`", label)
        elif not target.tree.may_declare(ident.name):
            close = nearest(ident.name, [name for name in target.names if not name.startswith("_")])
            helps = [f"did you mean `{close}`?"] if close else []
            self.report.add("E0202", f"`{module}` has nothing named `{ident.name}`", ident.place, helps=helps)
        return False


def settings_of(
    settings: tuple[tree.Setting, ...], known: tuple[str, ...], where: str, report: Report
) -> dict[str, tree.Setting]:
    """Settings by name: unknown names and names given twice are reported."""
    found: dict[str, tree.Setting] = {}
    for setting in settings:
        name = setting.key.name
        if name not in known:
            close = nearest(name, known)
            helps = [f"did you mean `{close}`?"] if close else [f"{where} may set: {', '.join(known)}"]
            report.add("E0204", f"`{name}` is no setting of {where}", setting.key.place, helps=helps)
        elif name in found:
            report_twice(name, where, found[name].key.place, setting.key.place, report)
        else:
            found[name] = setting
    return found


def meant(settings: Iterable[tree.Setting], known: Iterable[str]) -> set[str]:
    """The names that misspelt settings may mean: reported once, as misspelt, and not as missing too.

    A setting that resembles none of them may mean any.
    """
    names = tuple(known)
    close = [nearest(setting.key.name, names) for setting in settings if setting.key.name not in names]
    return set(names) if None in close else {name for name in close if name is not None}


def report_twice(name: str, where: str, first: Place, again: Place, report: Report) -> None:
    """E0207."""
    report.add(
        "E0207",
        f"`{name}` is set twice in {where}",
        (again, "set again here"),
        (first, "first set here"),
        notes=["medspec never lets a later value silently replace an earlier one"],
    )
