"""What a plan knows of the errata of a dataset."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Errata:
    """Corrections and exclusions of rows, in the JSON Lines file `path`; `version` is the one its first line must name.

    `fields` are those of the whole record. Where a dataset has several splits or subsets, an erratum names its own.
    """

    path: str
    version: int
    fields: tuple[str, ...]
    by_split: bool = False
    by_subset: bool = False
