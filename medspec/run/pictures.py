"""The images that prompts show, as files: found below the data roots and identified by their bytes, each once for a run.

Only for backends that open images. One that is missing, no image or outside its root is a problem of the data, told before
the model is asked anything.
"""

from __future__ import annotations

import attrs

from medspec.backends.base import Message, Picture
from medspec.errors import DataError
from medspec.files.image_size import image_size
from medspec.files.opening import DataFile
from medspec.plan.nodes import Plan, Scan
from medspec.run.image_files import find_image
from medspec.run.roots import DataRoots
from medspec.types import Misfit

SHOWN = 20
"""Problems that are listed; the rest are counted."""


class Pictures:
    """The image files of one run."""

    def __init__(self, roots: DataRoots) -> None:
        self._roots = roots
        self._found: dict[tuple[str, str], Picture] = {}
        self._problems: dict[tuple[str, str], str] = {}
        self._folders: set[str] = set()

    def placed(self, messages: tuple[Message, ...], scan: Scan) -> tuple[Message, ...]:
        """`messages` with the files of their images. One that cannot be used stays without, see `require_all`."""
        if not any(message.images for message in messages):
            return messages
        return tuple(
            attrs.evolve(message, images=tuple(self._place(picture.path, scan) for picture in message.images))
            for message in messages
        )

    def problems_of(self, messages: tuple[Message, ...], scan: Scan) -> list[str]:
        """What is wrong with the images of `messages`, one line each."""
        keys = [(scan.folder, picture.path) for message in messages for picture in message.images]
        return [f"the image {self._problems[key]}" for key in dict.fromkeys(keys) if key in self._problems]

    def digest_of(self, path: str, scan: Scan) -> str | None:
        """The sha256 of an image that was asked for and can be used."""
        found = self._found.get((scan.folder, path))
        return None if found is None else found.sha256 or None

    def require_all(self) -> None:
        """Raises one `DataError` with every image that was asked for and cannot be used."""
        if not self._problems:
            return
        problems = list(self._problems.values())
        more = [f"and {len(problems) - SHOWN:,} more"] if len(problems) > SHOWN else []
        where = f"looked for below {', '.join(sorted(self._folders))}"
        count = f"{len(problems):,} images" if len(problems) > 1 else "an image"
        raise DataError(
            f"{count} that the model would be shown cannot be used", problems=[*problems[:SHOWN], *more, where]
        )

    def _place(self, path: str, scan: Scan) -> Picture:
        key = (scan.folder, path)
        if key not in self._found:
            self._found[key] = self._open(path, scan, key)
        return self._found[key]

    def _open(self, path: str, scan: Scan, key: tuple[str, str]) -> Picture:
        try:
            file = find_image(path, self._roots, scan)
            image_size(file)
            return Picture(path, str(file), DataFile(file, str(file)).digest())
        except (DataError, OSError, ValueError) as error:
            # Where it was looked for is said once for all.
            self._problems[key] = f"{path}: {str(error).splitlines()[0].removesuffix('; looked at:')}"
            self._folders.update(str(root) for root, _ in self._roots.places(scan.folder))
            return Picture(path)


class ImageSizes:
    """Width and height of the images of a plan by their path, from the first bytes of their files, each read once."""

    def __init__(self, plan: Plan, roots: DataRoots) -> None:
        self._scans = tuple({(scan.folder, scan.dataset): scan for scan in plan.scans}.values())
        self._roots = roots
        self._found: dict[str, tuple[int, int] | Misfit] = {}

    def __call__(self, path: str) -> tuple[int, int]:
        """Raises `Misfit` for an image that cannot be found or is none."""
        if path not in self._found:
            self._found[path] = self._size(path)
        found = self._found[path]
        if isinstance(found, Misfit):
            raise found
        return found

    def _size(self, path: str) -> tuple[int, int] | Misfit:
        fault = Misfit(f"the size of the image {path!r} is needed, and there are no rows")
        for scan in self._scans:
            try:
                return image_size(find_image(path, self._roots, scan))
            except (DataError, OSError, ValueError) as error:
                said = str(error).splitlines()[0]
                fault = Misfit(
                    f"the model writes boxes by the size of the image {path!r}, which is not known: {said}; put the image "
                    "where it belongs, or state the size in the record: `from box(xyxy, pixel, width: w, height: h)`"
                )
        return fault
