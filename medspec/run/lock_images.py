"""One digest over the images that the prompts of a task show, for `medspec.lock`: a row holds a path, and not the image.

    images of chest.test     sha256 over `path`, sha256 of the file, of every image of the scored rows, in the order of the paths

Only where all of them are at hand: a digest over some would change with the machine. Images of rows that are shots are not in
it. Nothing is decoded, so a file that is no image is hashed like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from medspec.errors import DataError
from medspec.files.opening import DataFile
from medspec.plan.nodes import Render, Scan
from medspec.run.bind import shown_fields
from medspec.run.image_files import find_image
from medspec.run.roots import DataRoots
from medspec.types import ImageType, Type

IMAGES = "images of "
"""With what the name of such a digest begins."""


def image_fields(scan: Scan, render: Render) -> tuple[str, ...]:
    """The fields of a row that the prompt shows and that hold images, in the order of the record."""
    shown = set(shown_fields(render))
    return tuple(field.name for field in scan.record.fields if field.name in shown and _holds_images(field.type))


def images_name(scan: Scan) -> str:
    """What the digest is called in the lock."""
    return f"{IMAGES}{scan.dataset}.{scan.split}"


def images_digest(scan: Scan, fields: Iterable[str], rows: Iterable[Mapping[str, Any]], roots: DataRoots) -> str | None:
    """Hex sha256 over all images of `rows`; None where one is not at hand. `fields` are those of `image_fields`."""
    names = tuple(fields)
    paths = sorted({path for row in rows for name in names for path in _paths(row[name])})
    hashed = sha256()
    for path in paths:
        try:
            file = find_image(path, roots, scan)
            hashed.update(f"{path}\0{DataFile(file, str(file)).digest()}\n".encode())
        except (DataError, ValueError):
            return None
    return hashed.hexdigest()


def _holds_images(type_: Type) -> bool:
    return isinstance(type_, ImageType) or any(map(_holds_images, type_.children))


def _paths(value: Any) -> Iterable[str]:
    """The paths in an image, a list of them, an optional one."""
    if isinstance(value, str):
        return (value,)
    return () if value is None else (path for entry in value for path in _paths(entry))
