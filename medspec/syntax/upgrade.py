"""A file of an older edition as one of the newest: the edits of each edition between, one after the other."""

from __future__ import annotations

import attrs

from medspec.errors import InternalError
from medspec.syntax.editions import EDITIONS, Edition
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Edit, Report
from medspec.text.source import Source


@attrs.frozen
class Upgraded:
    """`text` is of the edition `now`; it is the file's own where that was its edition `before`."""

    before: int
    now: int
    text: str


def upgrade(source: Source, report: Report, editions: tuple[Edition, ...] = EDITIONS) -> Upgraded | None:
    """The file in the newest of `editions`; None when it cannot be read, or is of no known edition, which is reported."""
    found = Report()
    module = parse(source, found, tuple(edition.year for edition in editions))
    report.found.extend(found.found)
    if found.has_errors or module.edition is None:
        return None
    before = int(module.edition.year.number)
    text = source.text
    for edition in editions:
        if edition.year <= before:
            continue
        assert module.edition is not None
        edits = [Edit(module.edition.year.place, str(edition.year))]
        edits += [] if edition.rewrite is None else edition.rewrite(module)
        for edit in sorted(edits, key=lambda one: one.place.start, reverse=True):
            text = text[: edit.place.start] + edit.text + text[edit.place.end :]
        again = Report()
        module = parse(Source(source.path, text), again, tuple(one.year for one in editions))
        if again.has_errors:
            raise InternalError(f"{source.path} could not be rewritten for edition {edition.year}; attach this file")
    return Upgraded(before, editions[-1].year, text)
