"""The contract of the catalogue of diagnostics: what every code must bring."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Code:
    """One stable diagnostic code.

    `title` says what is wrong in one sentence, `why` what would go wrong without the check, `wrong` is a whole module
    that gives exactly this code, `right` the same module mended. Tests run both.
    """

    code: str
    title: str
    why: str
    wrong: str
    right: str
    related: tuple[str, ...] = ()
    since: str = "edition 2026"
