"""Where the fields of a row come from: one node for each way a column can be written in a spec."""

from __future__ import annotations

import attrs


@attrs.frozen
class FromPath:
    """A field from one dotted path into the raw row, such as `meta.topic` or `options.A`. A number indexes a list."""

    path: str


@attrs.frozen
class FromPaths:
    """A list field from several dotted paths, one entry each."""

    paths: tuple[str, ...]


@attrs.frozen
class FromFirst:
    """A field from the first of several dotted paths at which there is a value."""

    paths: tuple[str, ...]


@attrs.frozen
class FromDocument:
    """A field from a dotted path into the JSON document the rows lie in: the same value in every row."""

    path: str


@attrs.frozen
class FromKey:
    """The key under which a row stands in a JSON object."""


@attrs.frozen
class FromRowNumber:
    """The position of the row in its file, counted from `first`, padded with zeros to `width` characters."""

    first: int = 0
    width: int = 1


@attrs.frozen
class FromNamed:
    """The entry of a list that a text names in words: the last `the second image`, `2nd image` or `image 2` in it.

    `entries` and `text` are dotted paths into the raw row. `otherwise` is the entry, from 1, where the text names none
    (None: a fault of the data).
    """

    entries: str
    text: str
    otherwise: int | None = None


Column = FromPath | FromPaths | FromFirst | FromDocument | FromKey | FromRowNumber | FromNamed
