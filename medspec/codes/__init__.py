"""The catalogue of diagnostic codes: one file per range, listed in `CODES`."""

from medspec.codes import (
    e01_writing,
    e02_names,
    e03_types,
    e04_templates,
    e05_judges,
    e05_scores,
    e06_data,
    e06_judges,
    e07_models,
)
from medspec.codes.base import Code

CODES: tuple[Code, ...] = tuple(
    sorted(
        (
            *e01_writing.CODES,
            *e02_names.CODES,
            *e03_types.CODES,
            *e04_templates.CODES,
            *e05_scores.CODES,
            *e05_judges.CODES,
            *e06_data.CODES,
            *e06_judges.CODES,
            *e07_models.CODES,
        ),
        key=lambda code: (code.code[1:], code.code),
    )
)

RETIRED: tuple[str, ...] = ("E0702",)
"""Codes that were once given and no longer are, oldest first. Only ever appended to: a number is never used again."""


def find_code(code: str) -> Code | None:
    """The member of the catalogue with this code, written in upper or lower case; None when there is none."""
    return next((member for member in CODES if member.code == code.upper()), None)


__all__ = ["CODES", "RETIRED", "Code", "find_code"]
