"""Quotes to places: where in a text of the row the words stand that a reply quotes.

A quote is looked for as it is; where it is not there, once more with letter case, kinds of quotation marks and runs of
white space made equal. A quote that occurs several times needs the number of the occurrence, counted from 1. Nothing is
guessed: what cannot be located has a reason.

    >>> locate("fever", "No fever. Fever yesterday.", None)
    (3, 8)
    >>> locate("fever  YESTERDAY", "No fever. Fever yesterday.", None)
    (10, 25)
    >>> locate("e", "No fever.", None), locate("e", "No fever.", 2), locate("cough", "No fever.", None)
    ('ambiguous', (6, 7), 'not_found')
"""

from __future__ import annotations

from itertools import islice

from medspec.readers.wording import narrowed
from medspec.types.span import occurrences

AMBIGUOUS = "ambiguous"
NOT_FOUND = "not_found"
_MOST = 10_000
"""The highest number of an occurrence that is looked for."""


def locate(quote: str, text: str, number: int | None) -> tuple[int, int] | str:
    """Start and end (exclusive) of `quote` in `text`, or the reason why it has none."""
    if not quote or (number is not None and not 1 <= number <= _MOST):
        return NOT_FOUND
    found = _places(quote, text, number)
    if found:
        return _chosen([(start, start + len(quote)) for start in found], number)
    wanted, _ = _even(quote.strip())
    evened, origin = _even(text)
    if not wanted:
        return NOT_FOUND
    places = [(origin[start], origin[start + len(wanted) - 1] + 1) for start in _places(wanted, evened, number)]
    return _chosen(places, number)


def number_of(start: int, end: int, text: str) -> int | None:
    """Which occurrence of itself the quote from `start` to `end` is, from 1; None where there is only one."""
    quote = text[start:end]
    places = list(islice(occurrences(quote, text), _MOST))
    return None if len(places) == 1 else places.index(start) + 1


def _places(quote: str, text: str, number: int | None) -> list[int]:
    return list(islice(occurrences(quote, text), max(2, number or 0)))


def _chosen(places: list[tuple[int, int]], number: int | None) -> tuple[int, int] | str:
    if number is not None:
        return places[number - 1] if number <= len(places) else NOT_FOUND
    if len(places) > 1:
        return AMBIGUOUS
    return places[0] if places else NOT_FOUND


def _even(text: str) -> tuple[str, list[int]]:
    """`text` for comparison, and for each of its characters the place it came from."""
    letters: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(narrowed(text)):
        if letter.isspace():
            if letters and letters[-1] == " ":
                continue
            letter = " "
        low = letter.lower()
        letters.append(low if len(low) == 1 else letter)
        origin.append(place)
    return "".join(letters), origin
