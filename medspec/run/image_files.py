"""Images that loading rows looks at: their size, and the boxes of masks. Paths are relative to the data root, and stay in it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from medspec.errors import DataError
from medspec.files.image_size import image_size
from medspec.files.mask import mask_box
from medspec.files.opening import DataFile
from medspec.plan.nodes import Scan
from medspec.run.roots import DataRoots, find_file
from medspec.types import Misfit


def find_image(path: str, roots: DataRoots, scan: Scan) -> Path:
    """The file of an image of a row. Raises `DataError` where there is none, `ValueError` outside of the data roots."""
    parts = PurePosixPath(path.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError("it is not below the data root")
    return find_file(path, roots, folder=scan.folder, dataset=scan.dataset, license=scan.license, fetch=scan.fetch)


def size_in(path: str, scan: Scan, roots: DataRoots) -> tuple[int, int]:
    """The size of an image of a row. Raises `Misfit`, which names the row."""
    try:
        return image_size(_find("image", path, scan, roots))
    except (DataError, OSError, ValueError) as error:
        raise Misfit(f"the size of the image {path!r} is needed and cannot be read: {error}") from None


class MaskFiles:
    """The masks of one scan: their boxes, and which files were opened for them."""

    def __init__(self, scan: Scan, roots: DataRoots) -> None:
        self._scan = scan
        self._roots = roots
        self._opened: dict[Path, None] = {}

    def __call__(self, mask: str, image: str) -> tuple[int, int, int, int]:
        """The box of a mask, see `mask_box`. Raises `Misfit`."""
        size = size_in(image, self._scan, self._roots)
        try:
            file = _find("mask", mask, self._scan, self._roots)
            self._opened[file] = None
            return mask_box(file, size)
        except (DataError, OSError, ValueError) as error:
            raise Misfit(f"the mask cannot be used: {error}") from None

    def digests(self) -> tuple[tuple[Path, str], ...]:
        """Every mask that was opened, with its sha256: golds come from it as from the file of rows."""
        return tuple((file, DataFile(file, str(file)).digest()) for file in self._opened)


def _find(what: str, path: str, scan: Scan, roots: DataRoots) -> Path:
    try:
        return find_image(path, roots, scan)
    except ValueError:
        raise Misfit(f"the {what} {path!r} is not below the data root") from None
