"""Applying the edits of diagnostics to texts. The edits of one diagnostic are made together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from medspec.text.diagnostic import Diagnostic, Edit


@attrs.frozen
class Choice:
    """What can be done in one go.

    `chosen` are diagnostics whose edits do not touch each other. The others with edits wait: once the chosen ones are
    made, the text is another one. `disputed` are paths in which two diagnostics want to write different things in one place.
    """

    chosen: tuple[Diagnostic, ...]
    disputed: frozenset[str]


def choose(diagnostics: Iterable[Diagnostic], editable: frozenset[str]) -> Choice:
    """The diagnostics whose edits are made now. `editable` are the paths of the sources that may be changed."""
    able = [
        diagnostic
        for diagnostic in diagnostics
        if any(edit.text != edit.place.text for edit in diagnostic.edits)
        and all(edit.place.source.path in editable for edit in diagnostic.edits)
    ]
    disputed = _disputed(able)
    taken: dict[str, list[Edit]] = {}
    chosen = []
    for diagnostic in able:
        paths = {edit.place.source.path for edit in diagnostic.edits}
        if paths & disputed or any(_touches(edit, taken.get(edit.place.source.path, ())) for edit in diagnostic.edits):
            continue
        chosen.append(diagnostic)
        for edit in diagnostic.edits:
            taken.setdefault(edit.place.source.path, []).append(edit)
    return Choice(tuple(chosen), disputed)


def apply(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts that the edits of `diagnostics`, which do not touch each other, change; `texts` are all of them by path."""
    by_path: dict[str, set[tuple[int, int, str]]] = {}
    for diagnostic in diagnostics:
        for edit in diagnostic.edits:
            place = edit.place
            by_path.setdefault(place.source.path, set()).add((place.start, place.end, edit.text))
    changed = {}
    for path, edits in by_path.items():
        text = texts[path]
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        changed[path] = text
    return changed


def _disputed(diagnostics: Sequence[Diagnostic]) -> frozenset[str]:
    wanted: dict[tuple[str, int, int], str] = {}
    disputed = set()
    for diagnostic in diagnostics:
        for edit in diagnostic.edits:
            place = edit.place
            # Two insertions at one place are no dispute: the second is made when the first one is there.
            if place.start < place.end and wanted.setdefault(_key(edit), edit.text) != edit.text:
                disputed.add(place.source.path)
    return frozenset(disputed)


def _key(edit: Edit) -> tuple[str, int, int]:
    return (edit.place.source.path, edit.place.start, edit.place.end)


def _touches(edit: Edit, others: Iterable[Edit]) -> bool:
    return any(
        edit.place.start <= other.place.end and other.place.start <= edit.place.end
        for other in others
        if (_key(edit), edit.text) != (_key(other), other.text)
    )
