"""What the grammar knows and this version does not do yet: refused by name, never passed over (E0108)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.text.source import Place

_WORDS: dict[type, str] = {}


def refuse_unbuilt(declarations: Iterable[tree.Declaration], report: Report) -> None:
    """One error for each part of the language that stands in `declarations` and is not built yet."""
    for declaration in declarations:
        for node in (declaration, *_parts(declaration)):
            word = _WORDS.get(type(node))
            if word is not None:
                _refuse(word, node.place, report)
            elif isinstance(node, tree.Waive) and not isinstance(declaration, tree.TaskDecl):
                _refuse("waive", node.place, report)


def _parts(
    declaration: tree.Declaration,
) -> Iterator[tree.TaskClause | tree.SliceReport | tree.TextFile]:
    clauses: list[object] = list(getattr(declaration, "clauses", ()))
    if isinstance(declaration, tree.TaskDecl):
        clauses += [override.clause for override in declaration.overrides]
    if isinstance(declaration, tree.PromptDecl):
        clauses += [turn.text for turn in declaration.turns]
    yield from clauses  # type: ignore[misc]


def _refuse(word: str, place: Place, report: Report) -> None:
    start = Place(place.source, place.start, min(place.end, place.start + len(word)))
    report.add("E0108", f"`{word}` is part of the language and not built yet", start)
