"""Checks declarations on demand: each once, whatever the order they are written in.

A declaration that has errors still gives something usable, or None, so that checking goes on and one mistake gives one
message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from medspec.check.datasets import check_dataset
from medspec.check.dialects import check_dialect
from medspec.check.judges import check_judge
from medspec.check.models import check_model
from medspec.check.module import Module
from medspec.check.panels import check_panel
from medspec.check.phrases import check_phrase
from medspec.check.prompts import check_prompt
from medspec.check.records import check_enum, check_record
from medspec.check.scope import Missing, Scope
from medspec.check.suites import check_suite
from medspec.check.tasks import check_task
from medspec.syntax import tree
from medspec.text.diagnostic import Report

_CHECKS: dict[type, Callable[[Any, Checker, Scope], Any]] = {
    tree.EnumDecl: check_enum,
    tree.RecordDecl: check_record,
    tree.DatasetDecl: check_dataset,
    tree.PhraseDecl: check_phrase,
    tree.PromptDecl: check_prompt,
    tree.ModelDecl: check_model,
    tree.DialectDecl: check_dialect,
    tree.JudgeDecl: check_judge,
    tree.PanelDecl: check_panel,
    tree.TaskDecl: check_task,
    tree.SuiteDecl: check_suite,
}


@attrs.define
class Checker:
    """All modules of one run, and what has been checked of them so far."""

    modules: Mapping[str, Module]
    report: Report
    used: set[tuple[str, str]] = attrs.field(factory=set)
    _done: dict[tuple[str, str], Any] = attrs.field(factory=dict)
    _under_way: list[tuple[str, str]] = attrs.field(factory=list)

    def scope(self, module: str) -> Scope:
        return Scope(self.modules[module], self.modules, self.report, self.used)

    def checked(self, module: str, declaration: Any) -> Any:
        """The checked form of a declaration, or None when it has errors that leave nothing to go on with."""
        key = (module, declaration.name.name)
        is_first = self.modules[module].names.get(declaration.name.name) is declaration
        if not is_first:
            return None  # a second declaration of the same name, which has been reported
        if key in self._under_way:
            ring = [name for _, name in self._under_way[self._under_way.index(key) :]]
            self.report.add(
                "E0205",
                f"`{declaration.name.name}` is made of itself",
                (declaration.name.place, "declared here"),
                notes=[" -> ".join([*ring, declaration.name.name])],
            )
            return None
        if key not in self._done:
            self._under_way.append(key)
            check = _CHECKS.get(type(declaration))
            # What has no check is not built yet, which `unbuilt.py` says.
            self._done[key] = None if check is None else check(declaration, self, self.scope(module))
            self._under_way.pop()
        return self._done[key]

    def column_hints(self) -> dict[str, str]:
        """Column name to the field it fills, over all datasets: for suggestions only."""
        return {
            entry.value.text: entry.key.name
            for module in self.modules.values()
            for declaration in module.tree.declarations
            if isinstance(declaration, tree.DatasetDecl)
            for clause in declaration.clauses
            if isinstance(clause, tree.Columns)
            for entry in clause.entries
            if isinstance(entry.value, tree.StringValue)
        }

    def declared(self, path: tree.Path, scope: Scope, wanted: str, kinds: tuple[type, ...]) -> Any:
        """The checked form of the declaration `path` names, which must be of `kinds`; None after reporting."""
        found = scope.find(path, wanted, kinds=kinds)
        if isinstance(found, Missing):
            return None
        return self.checked(found.module, found.declaration)
