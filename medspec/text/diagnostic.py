"""Diagnostics: what is wrong with a spec, as values.

A `Diagnostic` has a stable code, one sentence, one main label, up to three further labels, notes (facts) and helps
(what to type). A `Report` collects them; nothing raises for a wrong spec. How they look is in `render.py` and `export.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import attrs

from medspec.text.source import Place


@attrs.frozen
class Label:
    """What one piece of text is. The first label of a diagnostic is the main one."""

    place: Place
    text: str = ""


@attrs.frozen
class Edit:
    """A replacement of `place` by `text` that is safe to apply without asking."""

    place: Place
    text: str


@attrs.frozen(kw_only=True)
class Diagnostic:
    """One problem. `code` is `E0201` (stops) or `W0202` (does not); `title` is one sentence without a full stop."""

    code: str
    title: str
    labels: tuple[Label, ...]
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")

    @property
    def place(self) -> Place:
        return self.labels[0].place

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        return (self.place.source.path, self.place.start, self.place.end, self.code)


@attrs.define
class Report:
    """The diagnostics of one run of the compiler. Equal diagnostics are kept once."""

    found: list[Diagnostic] = attrs.field(factory=list)
    _known: set[tuple[object, ...]] = attrs.field(factory=set, init=False, repr=False, eq=False)

    def add(
        self,
        code: str,
        title: str,
        *labels: Label | Place | tuple[Place, str],
        notes: Iterable[str] = (),
        helps: Iterable[str] = (),
        edits: Iterable[Edit] = (),
    ) -> None:
        """Record one problem. A bare place is a label without text.

        A name that is misspelt in upper and lower case alone, with `did you mean` as help, gets its edit here.
        """
        shown = tuple(_as_label(label) for label in labels)
        said = tuple(helps)
        diagnostic = Diagnostic(
            code=code,
            title=title,
            labels=shown,
            notes=tuple(notes),
            helps=said,
            edits=tuple(edits) or _respelling(shown, said),
        )
        # By position and words: a look through everything found would make thousands of mistakes slow to tell.
        place = diagnostic.place
        key = (code, title, place.source.path, place.start, place.end, diagnostic.notes, diagnostic.helps)
        if key not in self._known or diagnostic not in self.found:
            self._known.add(key)
            self.found.append(diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All problems, ordered by file and position."""
        return tuple(sorted(self.found, key=lambda diagnostic: diagnostic.sort_key))

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.found)


def _as_label(label: Label | Place | tuple[Place, str]) -> Label:
    match label:
        case Label():
            return label
        case Place():
            return Label(label)
        case (place, text):
            return Label(place, text)


_MEANT = re.compile(r"(?:did you mean|.* is in scope:) `([^`]+)`\??")


def _respelling(labels: Sequence[Label], helps: Sequence[str]) -> tuple[Edit, ...]:
    """The edit of a suggestion that differs from what is written at the main label in upper and lower case only."""
    for help_ in helps:
        meant = _MEANT.fullmatch(help_)
        if meant and labels and labels[0].place.text.casefold() == meant[1].casefold():
            return (Edit(labels[0].place, meant[1]),)
    return ()
