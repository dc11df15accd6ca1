"""Which entry of a list a text means: `... locate this object in the second image.`

Read are ordinals in words (first to tenth) or figures (2nd, also 2th, as published files have it) before `image`, and
`image 2` or `image-2`. Where a text names several, the last one counts: a question says what it is about before it says
where to look. Nothing else is taken for a number of an image.

    >>> entry_named(["a.png", "b.png"], "The box is in the first image. Find it in the second image.", None)
    'b.png'
"""

from __future__ import annotations

import re
from typing import Any

from medspec.types import Misfit

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_NAMED = re.compile(
    rf"\b(?:({'|'.join(ORDINALS)})|([1-9][0-9]?)(?:st|nd|rd|th))[ -]image\b|\bimage[ -]?([1-9][0-9]?)\b", re.IGNORECASE
)


def entry_named(entries: Any, text: Any, otherwise: int | None) -> Any:
    """The entry of `entries`; the one numbered `otherwise`, from 1, where `text` names none. Raises `Misfit`."""
    if not isinstance(entries, list) or not isinstance(text, str):
        raise Misfit("expected a list, and a text that names one of its entries")
    number = number_named(text) or otherwise
    if number is None:
        raise Misfit("the text names no image, such as `the second image`")
    if number > len(entries):
        raise Misfit(f"there is no entry {number}: the list has {len(entries)}")
    return entries[number - 1]


def number_named(text: str) -> int | None:
    """The number, from 1, that `text` names last; None where it names none."""
    found = list(_NAMED.finditer(text))
    if not found:
        return None
    word, figure, after = found[-1].groups()
    return ORDINALS.index(word.lower()) + 1 if word else int(figure or after)
