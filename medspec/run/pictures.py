"""The images that prompts show, as files: found below the data roots and identified by their bytes, each once for a run.

Only for backends that open images. One that is missing, no image or outside its root is a problem of the data, told before
the model is asked anything.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import attrs

from medspec.backends.base import Message, Picture
from medspec.errors import DataError
from medspec.files.image_size import image_size
from medspec.files.opening import DataFile
from medspec.plan.nodes import Scan
from medspec.run.roots import DataRoots, find_file

SHOWN = 20
"""Problems that are listed; the rest are counted."""


class Pictures:
    """The image files of one run."""

    def __init__(self, roots: DataRoots) -> None:
        self._roots = roots
        self._found: dict[tuple[str, str], Picture] = {}
        self._problems: dict[tuple[str, str], str] = {}

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

    def require_all(self) -> None:
        """Raises one `DataError` with every image that was asked for and cannot be used."""
        if not self._problems:
            return
        problems = list(self._problems.values())
        more = [f"and {len(problems) - SHOWN:,} more"] if len(problems) > SHOWN else []
        count = f"{len(problems):,} images" if len(problems) > 1 else "an image"
        raise DataError(f"{count} that the model would be shown cannot be used", problems=[*problems[:SHOWN], *more])

    def _place(self, path: str, scan: Scan) -> Picture:
        key = (scan.folder, path)
        if key not in self._found:
            self._found[key] = self._open(path, scan, key)
        return self._found[key]

    def _open(self, path: str, scan: Scan, key: tuple[str, str]) -> Picture:
        try:
            file = self._find(path, scan)
            image_size(file)
            return Picture(path, str(file), DataFile(file, str(file)).digest())
        except (DataError, OSError, ValueError) as error:
            self._problems[key] = f"{path}: {str(error).splitlines()[0]}"
            return Picture(path)

    def _find(self, path: str, scan: Scan) -> Path:
        parts = PurePosixPath(path.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise ValueError("it is not below the data root")
        return find_file(
            path, self._roots, folder=scan.folder, dataset=scan.dataset, license=scan.license, fetch=scan.fetch
        )
