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
    """A field from the first of several dotted paths at which there is a value; `otherwise` where there is none at any."""

    paths: tuple[str, ...]
    otherwise: str | None = attrs.field(default=None, metadata={"sparse": True})


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


@attrs.frozen
class FromEach:
    """A list field, one entry for each entry of the list at `path`.

    Each is what stands at `column` of that entry, or an object of `fields` (name, column), where `column` is None.
    """

    path: str
    column: FromPath | FromPaths | None = None
    fields: tuple[tuple[str, FromPath | FromPaths], ...] = ()


@attrs.frozen
class FromMask:
    """The box around the pixels of a mask that are not zero; `mask` is where the path of the mask's image stands."""

    mask: FromPath | FromKey


@attrs.frozen
class FromPart:
    """What the one group of a regular expression finds in a text, such as the class in the name of a file.

    With `blank`, this text of what is found is read as a blank.
    """

    text: FromPath | FromKey
    pattern: str
    blank: str | None = None


Column = (
    FromPath
    | FromPaths
    | FromFirst
    | FromDocument
    | FromKey
    | FromRowNumber
    | FromNamed
    | FromEach
    | FromMask
    | FromPart
)
