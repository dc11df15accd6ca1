"""The catalogue of readers: one file per member, listed in `READERS`."""

from medspec.readers.base import Reader

READERS: tuple[Reader, ...] = ()
