"""What nobody uses: imports (W0202), and private declarations (W0203)."""

from __future__ import annotations

from collections.abc import Mapping

from medspec.check.import_edits import removal
from medspec.check.module import Module
from medspec.syntax import tree
from medspec.text.diagnostic import Report


def report_unused(modules: Mapping[str, Module], used: set[tuple[str, str]], report: Report) -> None:
    """Warnings, for modules without errors of their own: where a use could not be read, its import is no surplus."""
    spoilt = {diagnostic.place.source.path for diagnostic in report.found if diagnostic.is_error}
    for module in modules.values():
        if module.tree.source.path in spoilt or module.tree.broken or module.tree.may_declare_more:
            continue
        for name, imported in module.imports.items():
            if (module.name, name) not in used:
                helps = ["remove the import" if imported.name is None else "remove it from the import"]
                edits = removal(module, imported)
                title = f"`{name}` is imported and never used"
                report.add("W0202", title, imported.place, helps=helps, edits=edits)
        for name, declaration in module.names.items():
            if name.startswith("_") and (module.name, name) not in used:
                assert not isinstance(declaration, tree.ExampleDecl)
                report.add("W0203", f"the private `{name}` is never used", declaration.name.place, helps=["remove it"])
