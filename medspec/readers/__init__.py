"""The catalogue of readers: one file per member, listed in `READERS`."""

from medspec.readers.base import Reader
from medspec.readers.json import JSON
from medspec.readers.letter import LETTER
from medspec.readers.likelihood import LIKELIHOOD
from medspec.readers.plain import PLAIN

READERS: tuple[Reader, ...] = (LETTER, LIKELIHOOD, PLAIN, JSON)


def find_reader(name: str) -> Reader | None:
    """The reader called `name` in a spec; None when there is none."""
    return next((reader for reader in READERS if reader.name == name), None)
