"""The catalogue of backends: one file per member, listed in `SCHEMES`."""

from medspec.backends.base import Scheme

SCHEMES: tuple[Scheme, ...] = ()
