"""Digests over files that rows name, for `medspec.lock`: a row holds the path of an image or a mask, and not the image.

    images of chest.test               sha256 over `path`, sha256 of the file, of every image that the prompts of a task show
    images of shots from chest.dev     the same of the rows that are shown as examples
    masks of chest.test                over the masks that boxes are made of

Only where all of them are at hand: a digest over some would change with the machine. Nothing is decoded, so a file that is no image
is hashed like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from medspec.errors import DataError
from medspec.files.opening import DataFile
from medspec.plan.nodes import FromMask, Render, Scan
from medspec.run.bind import shown_fields
from medspec.run.image_files import find_image
from medspec.run.roots import DataRoots
from medspec.types import ImageType, Type

_SETS = ("images of ", "masks of ")
"""With what the names of such digests begin."""


def is_set(name: str) -> bool:
    """Whether a name in the lock is that of such a digest, and not the path of a file."""
    return name.startswith(_SETS)


def image_fields(scan: Scan, render: Render) -> tuple[str, ...]:
    """The fields of a row that the prompt shows and that hold images, in the order of the record."""
    shown = set(shown_fields(render))
    return tuple(field.name for field in scan.record.fields if field.name in shown and _holds_images(field.type))


def images_name(scan: Scan) -> str:
    """What the digest is called in the lock."""
    return f"images of {scan.dataset}.{scan.split}"


def shots_name(scan: Scan) -> str:
    """What the digest over the images of rows that are shown as examples is called."""
    return f"images of shots from {scan.dataset}.{scan.split}"


def masks_name(scan: Scan) -> str:
    """What the digest over the masks of the rows is called."""
    return f"masks of {scan.dataset}.{scan.split}"


def has_masks(scan: Scan) -> bool:
    """Whether boxes of the rows are those of masks."""
    return any(isinstance(column, FromMask) for _, column in scan.columns)


def images_digest(scan: Scan, fields: Iterable[str], rows: Iterable[Mapping[str, Any]], roots: DataRoots) -> str | None:
    """Hex sha256 over all images of `rows`; None where one is not at hand. `fields` are those of `image_fields`."""

    def digest(path: str) -> str | None:
        try:
            file = find_image(path, roots, scan)
            return DataFile(file, str(file)).digest()
        except (DataError, ValueError):
            return None

    return digest_over(fields, rows, digest)


def digest_over(
    fields: Iterable[str], rows: Iterable[Mapping[str, Any]], digest: Callable[[str], str | None]
) -> str | None:
    """Hex sha256 over the images of `rows`, of each of which `digest` knows the sha256 by its path; None where it does not."""
    names = tuple(fields)
    hashed = sha256()
    for path in sorted({path for row in rows for name in names for path in _paths(row[name])}):
        if (found := digest(path)) is None:
            return None
        hashed.update(f"{path}\0{found}\n".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


def _holds_images(type_: Type) -> bool:
    return isinstance(type_, ImageType) or any(map(_holds_images, type_.children))


def _paths(value: Any) -> Iterable[str]:
    """The paths in an image, a list of them, an optional one."""
    if isinstance(value, str):
        return (value,)
    return () if value is None else (path for entry in value for path in _paths(entry))
