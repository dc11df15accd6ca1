"""The editions of the language, and what has to be rewritten where a file of one becomes a file of the next.

An edition fixes the grammar and the defaults of a file for good. A new one goes to the end of `EDITIONS`, with the edits that
keep what a file of the edition before it means; `medspec fix --edition` makes those of all editions that lie between.

    EDITIONS = (Edition(2026), Edition(2027, rewrite=write_out_the_old_default))
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from medspec.syntax import tree
from medspec.text.diagnostic import Edit

Rewrite = Callable[[tree.ModuleTree], tuple[Edit, ...]]
"""The edits by which a file of the edition before keeps its meaning. They do not touch each other, nor the edition."""


@attrs.frozen
class Edition:
    """`rewrite` is None where a file of the edition before means the same as it is."""

    year: int
    rewrite: Rewrite | None = None


EDITIONS: tuple[Edition, ...] = (Edition(2026),)
"""From the oldest to the newest."""
