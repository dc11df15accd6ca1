"""The contract of the catalogue of diagnostics: what every code must bring."""

from __future__ import annotations

import attrs


def _one_line(text: str) -> str:
    return " ".join(text.split())


@attrs.frozen(kw_only=True)
class Code:
    """One stable diagnostic code.

    `title` says what is wrong in one sentence, `why` what would go wrong without the check, `wrong` is a whole module
    that gives exactly this code, `right` the same module mended. Tests run both, as a file called `main.medspec`.
    """

    code: str
    title: str
    why: str = attrs.field(converter=_one_line)
    wrong: str
    right: str
    related: tuple[str, ...] = ()
    since: str = "edition 2026"
    beside: tuple[tuple[str, str], ...] = ()
    """Further modules in the same folder, as (file name, text), for mistakes that take two files."""
    model: str | None = None
    """For codes about a plan and the model that shall run it: `wrong` checks clean, and the code comes when it is
    compiled for this `--model`; `right` compiles for the same model."""
    before: str | None = None
    """For codes about a spec and its `medspec.lock`: the module as it was when the lock was written. `wrong` checks clean,
    and the code comes when it is compared with that lock; against `right` the lock has at most that it is old (W0607)."""


def module(*parts: str) -> str:
    """A whole module of this edition: the parts, with one empty line between them."""
    return "\n\n".join(["edition 2026", *(part.strip("\n") for part in parts)]) + "\n"
