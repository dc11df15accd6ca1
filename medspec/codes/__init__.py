"""The catalogue of diagnostic codes: one file per range, listed in `CODES`."""

from medspec.codes.base import Code

CODES: tuple[Code, ...] = ()
