"""Edits of import lines: a name that is missing comes in, one that nobody uses goes out."""

from __future__ import annotations

from medspec.check.module import Imported, Module
from medspec.syntax import tree
from medspec.text.diagnostic import Edit
from medspec.text.source import Place


def import_edit(module: Module, wanted: str, name: str) -> tuple[Edit, ...]:
    """The edit that imports `name` from the module `wanted`; () in a module without an edition."""
    statements = module.tree.imports
    for statement in statements:
        if isinstance(statement, tree.ImportNames) and statement.path.dotted == wanted and statement.names:
            last = statement.names[-1].place
            return (Edit(Place(last.source, last.end, last.end), f", {name}"),)
    line = f"import {wanted} {{ {name} }}"
    if statements:
        start = min(statements, key=lambda statement: statement.place.start).place
        return (Edit(Place(start.source, start.start, start.start), f"{line}\n"),)
    if module.tree.edition is None:
        return ()
    edition = module.tree.edition.place
    rest_of_line = module.tree.source.text[edition.end :].split("\n", 1)[0]
    end = edition.end + len(rest_of_line) if rest_of_line.lstrip().startswith("#") else edition.end
    return (Edit(Place(edition.source, end, end), f"\n\n{line}"),)


def removal(module: Module, imported: Imported) -> tuple[Edit, ...]:
    """The edit that takes `imported` out of its import line, with the line where nothing else is on it.

    () where a comment stands among what would go: it may say why the name is there.
    """
    for statement in module.tree.imports:
        if statement.place.start <= imported.place.start < statement.place.end:
            names = statement.names if isinstance(statement, tree.ImportNames) else ()
            place = _around(names, imported.place) if len(names) > 1 else _line_of(statement.place)
            return () if "#" in place.text else (Edit(place, ""),)
    return ()


def _around(names: tuple[tree.Ident, ...], place: Place) -> Place:
    """A name with the comma and the blanks between it and the next one, or for the last the one before."""
    index = next(index for index, ident in enumerate(names) if ident.place == place)
    if index < len(names) - 1:
        return Place(place.source, place.start, names[index + 1].place.start)
    return Place(place.source, names[index - 1].place.end, place.end)


def _line_of(place: Place) -> Place:
    """A statement, with its line break where it has its lines for itself."""
    text = place.source.text
    before = text[text.rfind("\n", 0, place.start) + 1 : place.start]
    after = text[place.end :].split("\n", 1)[0]
    if before.strip() or after.strip():
        return place
    return Place(place.source, place.start - len(before), min(place.end + len(after) + 1, len(text)))
